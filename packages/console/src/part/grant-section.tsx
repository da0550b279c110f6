import { ActionIcon, Select, Tooltip } from '@mantine/core';
import type { Ended, List } from '@postern/sdk';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { Section } from '../shell/page.tsx';
import { Dialog, DialogForm } from './dialog.tsx';
import { Failure, sentenceOf } from './failure.tsx';
import { LoadMore } from './load-more.tsx';
import { usePages } from './pages.ts';
import { ReasonButton } from './reason-button.tsx';
import { Cell, type Column, SkeletonRows, Table } from './table.tsx';
import { alarm } from './toast.ts';
import { useUndo } from './undo.tsx';

/** Who holds a role here. */
export interface Holder {
  readonly id: string;
  readonly name: string;
  readonly kind: 'member' | 'service_account' | 'group';
  readonly role: { readonly id: string; readonly name: string };
}

export interface RoleChoice {
  readonly value: string;
  readonly label: string;
}

interface GrantSectionProps {
  readonly label: string;
  readonly hint: string;
  /** What they are together, for what is said about them. */
  readonly what: string;
  readonly queryKey: readonly unknown[];
  readonly list: (page: { readonly cursor?: string; readonly limit: number }, signal: AbortSignal) => List<Holder>;
  readonly roles: readonly RoleChoice[];
  readonly firstRole: string;
  /** Why roles cannot be given and taken here; undefined: they can. */
  readonly reason: string | undefined;
  readonly set: (id: string, role: string) => Promise<unknown>;
  readonly remove: (id: string) => Promise<Ended>;
  /** Chooses who is added. */
  readonly picker: (value: string | null, onChange: (id: string | null) => void) => ReactNode;
  readonly empty: string;
  /** The same from a terminal. */
  readonly command: (id: string, role: string) => string;
}

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '44%' },
  { name: 'Kind' },
  { name: 'Role', width: '200px' },
  { name: 'Actions', hidden: true, width: '44px' },
];

const KINDS = { member: 'Member', service_account: 'Service account', group: 'Group' } as const;

/** Roles in one place: each can be changed, and taken, and both taken back. */
export function GrantSection(props: GrantSectionProps) {
  const { label, hint, what, queryKey, list, roles, reason, set, remove, empty } = props;
  const queryClient = useQueryClient();
  const undo = useUndo();
  const [adding, setAdding] = useState(false);
  const pages = usePages(queryKey, list);
  const refresh = () => queryClient.invalidateQueries({ queryKey });

  const change = useMutation({
    mutationFn: ({ holder, role }: { readonly holder: Holder; readonly role: string }) => set(holder.id, role),
    async onSuccess(_, { holder }) {
      await refresh();
      undo(`Role of ${holder.name} changed.`, async () => {
        await set(holder.id, holder.role.id);
        await refresh();
      });
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
  const take = useMutation({
    mutationFn: (holder: Holder) => remove(holder.id),
    async onSuccess(_, holder) {
      await refresh();
      undo(`${holder.name} removed.`, async () => {
        await set(holder.id, holder.role.id);
        await refresh();
      });
    },
    onError: (error) => alarm(sentenceOf(error)),
  });

  const { items, error } = pages;
  return (
    <Section
      label={label}
      hint={hint}
      actions={
        <ReasonButton reason={reason} onClick={() => setAdding(true)}>
          Add
        </ReasonButton>
      }
    >
      {error && !items && <Failure what={what} error={error} retry={pages.refetch} />}
      {items?.length === 0 && <p className="muted">{empty}</p>}
      {!(error && !items) && items?.length !== 0 && (
        <Table caption={label} columns={COLUMNS} busy={!items}>
          {items ? (
            items.map((holder) => (
              <tr key={holder.id}>
                <Cell column="Name" heading>
                  <HolderName holder={holder} />
                </Cell>
                <Cell column="Kind">{KINDS[holder.kind]}</Cell>
                <Cell column="Role">
                  {reason === undefined ? (
                    <Select
                      aria-label={`Role of ${holder.name}`}
                      data={[...roles]}
                      value={holder.role.id}
                      allowDeselect={false}
                      onChange={(role) => role && role !== holder.role.id && change.mutate({ holder, role })}
                    />
                  ) : (
                    holder.role.name
                  )}
                </Cell>
                <Cell column="Actions">
                  {reason === undefined && (
                    <Tooltip label="Remove">
                      <ActionIcon aria-label={`Remove ${holder.name}`} onClick={() => take.mutate(holder)}>
                        <IconX size={16} stroke={1.5} />
                      </ActionIcon>
                    </Tooltip>
                  )}
                </Cell>
              </tr>
            ))
          ) : (
            <SkeletonRows columns={COLUMNS} />
          )}
        </Table>
      )}
      <LoadMore pages={pages} />
      <Dialog opened={adding} title={`Add to ${label.toLowerCase()}`} onClose={() => setAdding(false)}>
        <AddForm {...props} onClose={() => setAdding(false)} onAdded={refresh} />
      </Dialog>
    </Section>
  );
}

function HolderName({ holder: { id, name, kind } }: { readonly holder: Holder }) {
  if (kind === 'member') return <bdi>{name}</bdi>;
  return kind === 'group' ? (
    <Link to="/settings/groups/$groupId" params={{ groupId: id }} className="quiet-link">
      <bdi>{name}</bdi>
    </Link>
  ) : (
    <Link to="/settings/members/service-accounts/$accountId" params={{ accountId: id }} className="quiet-link">
      <bdi>{name}</bdi>
    </Link>
  );
}

interface AddFormProps extends GrantSectionProps {
  readonly onClose: () => void;
  readonly onAdded: () => Promise<void>;
}

function AddForm({ picker, roles, firstRole, set, command, onClose, onAdded }: AddFormProps) {
  const [who, setWho] = useState<string | null>(null);
  const [role, setRole] = useState(firstRole);
  const add = useMutation({
    mutationFn: (id: string) => set(id, role),
    async onSuccess() {
      await onAdded();
      onClose();
    },
  });
  return (
    <DialogForm
      onSubmit={() => who !== null && add.mutate(who)}
      onCancel={onClose}
      pending={add.isPending}
      submit="Add"
      submitting="Adding…"
      error={add.error}
      reason={who === null ? 'Choose whom.' : undefined}
      command={command(who ?? 'ID', role)}
    >
      {picker(who, setWho)}
      <Select
        label="Role"
        data={[...roles]}
        value={role}
        allowDeselect={false}
        onChange={(value) => value && setRole(value)}
      />
    </DialogForm>
  );
}

/** A list of one kind as a list of holders. */
export function holdersOf<Item>(list: List<Item>, toHolder: (item: Item) => Holder): List<Holder> {
  return {
    async page() {
      const { items, nextCursor } = await list.page();
      return { items: items.map(toHolder), nextCursor };
    },
    toArray: async (bound) => (await list.toArray(bound)).map(toHolder),
    async *[Symbol.asyncIterator]() {
      for await (const item of list) yield toHolder(item);
    },
  };
}
