import type { Token } from '@postern/sdk';
import { clockTime, recentTime, Time } from '../part/time.tsx';
import { counted } from '../part/word.ts';

/** Up to when all use is known: nothing is called unused beyond it. */
export function UsageCaption({ tokens }: { readonly tokens: readonly Token[] }) {
  const known = tokens.map((token) => token.usageCompleteUntil).toSorted()[0];
  const silent = Math.max(0, ...tokens.map((token) => token.silentVerifiers));
  if (known === undefined) return null;
  return (
    <p className="meta" style={{ paddingTop: 8 }}>
      {silent === 0 ? (
        <>
          Usage as of <Time at={known} focusable write={recentTime} />
        </>
      ) : (
        <>
          {counted(silent, 'verifier', 'verifiers')} silent since <Time at={known} focusable write={clockTime} />; last
          used may be later
        </>
      )}
    </p>
  );
}
