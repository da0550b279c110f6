import type { Attention } from '../overview/attention.ts';
import { attentionSentence } from '../overview/attention-sentence.ts';
import { useNow } from '../part/time.tsx';
import { Section } from '../shell/page.tsx';

/** What of one account needs somebody; nothing where nothing does. */
export function AttentionSection({ items }: { readonly items: readonly Attention[] }) {
  const now = useNow();
  if (items.length === 0) return null;
  return (
    <Section label={`Needs attention (${items.length})`}>
      <ul className="stack-tight">
        {items.map((item) => (
          <li key={item.key}>
            {item.token === null ? (
              'It '
            ) : (
              <>
                <strong>
                  <bdi>{item.token}</bdi>
                </strong>
                :{' '}
              </>
            )}
            {attentionSentence(item, now)}
          </li>
        ))}
      </ul>
    </Section>
  );
}
