import { Button, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Token } from '@postern/sdk';
import { IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Dialog } from '../part/dialog.tsx';
import type { Shown } from '../part/edit-menu.tsx';
import { Empty } from '../part/empty.tsx';
import { ListBody } from '../part/list-body.tsx';
import { useOpenedByAddress } from '../part/opened-by-address.ts';
import { usePages } from '../part/pages.ts';
import { ReasonButton } from '../part/reason-button.tsx';
import { useAskedOf } from '../part/row-menu.tsx';
import { type Column, Table } from '../part/table.tsx';
import { Section } from '../shell/page.tsx';
import { AddTokenForm } from './add-token-form.tsx';
import { DeleteAllDialog } from './delete-all-dialog.tsx';
import { DeleteTokenDialog } from './delete-dialog.tsx';
import { EndDialog } from './end-dialog.tsx';
import { RefreshDialog } from './refresh-dialog.tsx';
import { type TokenResource, tokensKey } from './resource.ts';
import { type TokenQuestion, TokenRow, tokenHeight } from './token-row.tsx';
import { UsageCaption } from './usage-caption.tsx';
import { TokenValueStep, useShownOnce } from './value-step.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '22%' },
  { name: 'Value', width: '76px' },
  { name: 'Life', width: '232px' },
  { name: 'Last used' },
  { name: 'Created by', width: '108px' },
  { name: 'Actions', hidden: true, width: '72px' },
];

interface TokensSectionProps {
  readonly resource: TokenResource;
  /** Why there can be no more tokens now. */
  readonly reason?: string | undefined;
  /** Why nothing can be changed now: what is there is only shown. */
  readonly readOnly?: string | undefined;
  /** Somebody came here to add one. */
  readonly adding?: boolean;
  /** The dialog for that is open: nobody has to be told any more. */
  readonly onAdding?: () => void;
}

/** **OAuth tokens**: one table for service accounts and for oneself. */
export function TokensSection({ resource, reason, readOnly, adding = false, onAdding }: TokensSectionProps) {
  const [opened, { open, close }] = useDisclosure(false);
  useOpenedByAddress(adding && reason === undefined, open, () => onAdding?.());
  const { asked, item, ask, close: closeAsked } = useAskedOf<Token, TokenQuestion>();
  const [deletingAll, setDeletingAll] = useState(false);
  const [showDeleted, setShowDeleted] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const pages = usePages(tokensKey(resource), (page, signal) =>
    resource.list({ ...page, sort: '-lastUsedAt' }, { signal }),
  );
  const deleted = useQuery({
    queryKey: [...tokensKey(resource), 'deleted'],
    queryFn: ({ signal }) => resource.list({ deleted: true, limit: 50 }, { signal }).page(),
  });
  const tokens = pages.items && sorted(pages.items);
  const gone = deleted.data?.items ?? [];

  return (
    <Section
      label="OAuth tokens"
      hint={`Each works with ${resource.accountId === null ? 'your' : 'this account’s'} access, as it is when it is used.`}
      actions={
        <>
          <ReasonButton reason={reason} onClick={open}>
            Add token
          </ReasonButton>
          {resource.accountId !== null && readOnly === undefined && (
            <Menu position="bottom-start" returnFocus>
              <Menu.Target>
                <Button ref={more} rightSection={<IconChevronDown size={14} stroke={1.5} />}>
                  More
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  data-tone="brick"
                  disabled={!tokens || tokens.length === 0}
                  onClick={() => setDeletingAll(true)}
                >
                  Delete all tokens
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      <ListBody
        what="tokens"
        caption="OAuth tokens"
        columns={COLUMNS}
        pages={{ ...pages, items: tokens }}
        within
        height={tokenHeight}
        row={(token) => (
          <TokenRow
            token={token}
            resource={resource}
            columns={COLUMNS.length}
            readOnly={readOnly !== undefined}
            ask={ask}
          />
        )}
        empty={
          <Empty>{resource.accountId === null ? 'You have no tokens.' : 'This account can’t call anything yet.'}</Empty>
        }
      />
      {tokens && tokens.length > 0 && <UsageCaption tokens={tokens} />}
      {gone.length > 0 && (
        <>
          <Button
            variant="subtle"
            className="flush"
            onClick={() => setShowDeleted(!showDeleted)}
            aria-expanded={showDeleted}
          >
            {showDeleted ? 'Hide deleted' : `Show deleted (${gone.length}${deleted.data?.nextCursor ? '+' : ''})`}
          </Button>
          {showDeleted && (
            <Table caption="Deleted tokens" columns={COLUMNS}>
              {gone.map((token) => (
                <TokenRow
                  key={token.id}
                  token={token}
                  resource={resource}
                  columns={COLUMNS.length}
                  readOnly
                  ask={ask}
                />
              ))}
            </Table>
          )}
        </>
      )}
      {/* Here and not in the rows: a row may go while somebody reads the value that is shown this once. */}
      {item && <TokenDialogs key={item.id} token={item} resource={resource} asked={asked} onClose={closeAsked} />}
      <AddTokenDialog resource={resource} opened={opened} onClose={close} />
      {resource.accountId !== null && (
        <DeleteAllDialog
          accountId={resource.accountId}
          opened={deletingAll}
          onClose={() => {
            setDeletingAll(false);
            requestAnimationFrame(() => more.current?.focus());
          }}
        />
      )}
    </Section>
  );
}

/** The same tokens make the same list, which is known again when somebody comes back to it. */
const sortedOf = new WeakMap<readonly Token[], readonly Token[]>();

/** Active ones by their last use, then expired ones. */
function sorted(tokens: readonly Token[]): readonly Token[] {
  const before = sortedOf.get(tokens);
  if (before) return before;
  const rank = ({ status }: Token) => (status === 'active' ? 0 : 1);
  const list = tokens.toSorted((a, b) => rank(a) - rank(b) || (b.lastUsedAt ?? '').localeCompare(a.lastUsedAt ?? ''));
  sortedOf.set(tokens, list);
  return list;
}

interface TokenDialogsProps {
  readonly token: Token;
  readonly resource: TokenResource;
  readonly asked: TokenQuestion | null;
  readonly onClose: () => void;
}

function TokenDialogs({ asked, ...rest }: TokenDialogsProps) {
  return (
    <>
      <RefreshDialog {...rest} opened={asked === 'refresh'} />
      <DeleteTokenDialog {...rest} opened={asked === 'delete'} />
      <EndDialog {...rest} opened={asked === 'end'} />
    </>
  );
}

function AddTokenDialog({ resource, opened, onClose }: Shown & { readonly resource: TokenResource }) {
  const once = useShownOnce(onClose);
  return (
    <Dialog opened={opened} title={once.shown ? 'Copy the token' : 'Add token'} onClose={once.close} size={520}>
      {once.shown ? (
        <TokenValueStep shown={once.shown} once={once} />
      ) : (
        <AddTokenForm resource={resource} onIssued={once.show} onCancel={onClose} />
      )}
    </Dialog>
  );
}
