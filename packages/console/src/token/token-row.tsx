import type { Token } from '@postern/sdk';
import { IconRefresh, IconTrash } from '@tabler/icons-react';
import { memo, useRef } from 'react';
import { RowButton } from '../part/row-button.tsx';
import type { AskedOf } from '../part/row-menu.tsx';
import { Deleted, Expired } from '../part/state.tsx';
import { Cell, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { counted } from '../part/word.ts';
import { agentName } from './agent.ts';
import { Lifeline } from './lifeline.tsx';
import { OverlapLine } from './overlap-line.tsx';
import type { TokenResource } from './resource.ts';
import classes from './token-row.module.css';

/** What is asked before it is done with a token. */
export type TokenQuestion = 'refresh' | 'delete' | 'end';

interface TokenRowProps {
  readonly token: Token;
  readonly resource: TokenResource;
  readonly columns: number;
  readonly readOnly: boolean;
  readonly ask: AskedOf<Token, TokenQuestion>['ask'];
}

/** Its cells, or as a card its lines; with more of them for what is said about it, and for an old value. */
export function tokenHeight({ description, restrictions, previous, lastUsedAt }: Token, narrow: boolean): number {
  const lines = 20 + 16 * [description, restrictions].filter(Boolean).length;
  const old = previous ? 41 : 0;
  if (narrow) return 167 + lines + old;
  return Math.max(lines + 13, lastUsedAt === null ? 53 : 49) + old;
}

export const TokenRow = memo(({ token, resource, columns, readOnly, ask }: TokenRowProps) => {
  const refresh = useRef<HTMLButtonElement>(null);
  const trash = useRef<HTMLButtonElement>(null);
  const { previous } = token;
  const overlap = previous && new Date(previous.validUntil).getTime() > Date.now() ? previous : undefined;

  return (
    <Row
      id={token.id}
      under={
        overlap && (
          <tr className={classes.overlap}>
            <td colSpan={columns}>
              <OverlapLine token={token} previous={overlap} resource={resource} readOnly={readOnly} ask={ask} />
            </td>
          </tr>
        )
      }
    >
      <Cell column="Name" heading>
        <span className={classes.name}>
          <bdi title={token.name}>{token.name}</bdi>
          {token.description && (
            <span className="meta" title={token.description}>
              <bdi>{token.description}</bdi>
            </span>
          )}
          {token.restrictions && <span className="meta">Limited: {restrictionText(token.restrictions)}</span>}
        </span>
      </Cell>
      <Cell column="Value">
        <code title="The last four characters before the checksum">…{token.hint}</code>
      </Cell>
      <Cell column="Life">
        <span className={classes.life}>
          <Lifeline token={token} />
          <LifeText token={token} />
        </span>
      </Cell>
      <Cell column="Last used">
        <LastUse token={token} readOnly={readOnly} />
      </Cell>
      <Cell column="Created by">
        <span className={classes.name}>
          <bdi>{token.createdBy.displayName}</bdi>
          <span className="meta">
            <Time at={token.createdAt} />
          </span>
        </span>
      </Cell>
      <Cell column="Actions">
        {!readOnly && (
          <span className={classes.actions}>
            <RowButton
              ref={refresh}
              name={`Refresh token ${token.name}`}
              label="Refresh token"
              onClick={() => ask('refresh', token, refresh)}
            >
              <IconRefresh size={16} stroke={1.5} />
            </RowButton>
            <RowButton
              ref={trash}
              name={`Delete token ${token.name}`}
              label="Delete token"
              destroys
              onClick={() => ask('delete', token, trash)}
            >
              <IconTrash size={16} stroke={1.5} />
            </RowButton>
          </span>
        )}
      </Cell>
    </Row>
  );
});

function LifeText({ token }: { readonly token: Token }) {
  if (token.deletedAt !== undefined) {
    return (
      <span className="nowrap">
        <Deleted /> <Time at={token.deletedAt} />
      </span>
    );
  }
  if (token.status === 'expired') return <Expired />;
  return token.expiresAt === null ? <span className="muted nowrap">Never expires</span> : <Time at={token.expiresAt} />;
}

function LastUse({ token, readOnly }: { readonly token: Token; readonly readOnly: boolean }) {
  if (token.lastUsedAt === null) {
    return <span className="muted">{readOnly ? 'Never used' : 'Never used. Lost the value? Refresh it.'}</span>;
  }
  return (
    <span className={classes.name}>
      <Time at={token.lastUsedAt} />
      <span className="meta">{[token.lastUsedIp, agentName(token.lastUsedUserAgent)].filter(Boolean).join(', ')}</span>
    </span>
  );
}

function restrictionText({ permissions, workspaces, networks }: NonNullable<Token['restrictions']>): string {
  return [
    permissions && counted(permissions.length, 'permission', 'permissions'),
    workspaces && counted(workspaces.length, 'workspace', 'workspaces'),
    networks && counted(networks.length, 'network', 'networks'),
  ]
    .filter(Boolean)
    .join(', ');
}
