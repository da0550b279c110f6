import type { TokenPolicyPreview } from '@postern/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { counted } from '../part/word.ts';
import { accountQuery } from '../service-account/query.ts';

const SHOWN = 20;

/** What would become of the tokens that there are. */
export function PolicyEffect({
  preview: { affected, usedInLast30Days, tokens },
}: {
  readonly preview: TokenPolicyPreview;
}) {
  if (affected === 0) return <p>No token that works now would stop working.</p>;
  const shown = tokens.slice(0, SHOWN);
  return (
    <div>
      <p>
        <strong>{counted(affected, 'token stops', 'tokens stop')} working</strong>;{' '}
        {usedSentence(affected, usedInLast30Days)}
      </p>
      <ul>
        {shown.map(({ id, name, hint, accountId }) => (
          <li key={id}>
            <Owner id={accountId} /> / <bdi>{name}</bdi> <code className="muted">…{hint}</code>
          </li>
        ))}
        {affected > shown.length && (
          <li className="muted">and {counted(affected - shown.length, 'other', 'others')}</li>
        )}
      </ul>
    </div>
  );
}

function usedSentence(affected: number, used: number): string {
  if (used === 0) return 'none was used in the last 30 days.';
  if (affected === 1) return 'it was used in the last 30 days.';
  return `${used === 1 ? 'one of them was' : `${used} of them were`} used in the last 30 days.`;
}

/** Whose token it is; two of the same name are told apart by that. */
function Owner({ id }: { readonly id: string }) {
  const account = useQuery({ ...accountQuery(id), enabled: id.startsWith('sa_'), refetchInterval: false });
  return id.startsWith('sa_') ? (
    <Link to="/settings/members/service-accounts/$accountId" params={{ accountId: id }}>
      <bdi>{account.data?.displayName ?? id}</bdi>
    </Link>
  ) : (
    <code>{id}</code>
  );
}
