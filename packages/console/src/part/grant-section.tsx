import { Select } from '@mantine/core';
import type { Ended, List } from '@postern/sdk';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode, useCallback, useState } from 'react';
import { refreshAccounts } from '../service-account/query.ts';
import { Section } from '../shell/page.tsx';
import { Dialog, DialogForm } from './dialog.tsx';
import { sentenceOf } from './failure.tsx';
import { useFields } from './fields.ts';
import { ListBody } from './list-body.tsx';
import { type ListPages, PAGE_ROWS_MAX, usePages } from './pages.ts';
import { ReasonButton } from './reason-button.tsx';
import { type RoleChoice, RoleSelect } from './role-select.tsx';
import { RowButton } from './row-button.tsx';
import { Cell, type Column, Row } from './table.tsx';
import { alarm } from './toast.ts';
import { requireAsLeft, useUndo } from './undo.tsx';

/** Who holds a role here. */
export interface Holder {
  readonly id: string;
  readonly name: string;
  readonly kind: 'member' | 'service_account' | 'group';
  readonly role: { readonly id: string; readonly name: string };
}

/** What a field takes that chooses one by name or id. */
export interface PickerProps {
  readonly value: string | null;
  /** With the name that the server has, where that is known. */
  readonly onChange: (id: string | null, name?: string) => void;
  readonly error: string | undefined;
}

/** As `ListPages`; they can be searched by name. */
type HolderPages = (page: HolderPage, signal: AbortSignal | undefined) => List<Holder>;

type HolderPage = Parameters<ListPages<Holder>>[0] & { readonly search?: string };

interface GrantSectionProps {
  readonly label: string;
  readonly hint: string;
  /** What they are together, for what is said about them. */
  readonly what: string;
  readonly queryKey: readonly unknown[];
  readonly list: HolderPages;
  /** Those that can be given here; undefined: not known yet. */
  readonly roles: readonly RoleChoice[] | undefined;
  readonly firstRole: string;
  /** Why roles cannot be given and taken here; undefined: they can. */
  readonly reason: string | undefined;
  readonly set: (id: string, role: string) => Promise<unknown>;
  readonly remove: (id: string) => Promise<Ended>;
  /** Chooses who is added. */
  readonly picker: (field: PickerProps) => ReactNode;
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

/** The longest text that the API searches for. */
const SEARCH_MAX_LENGTH = 100;

const NOT_KNOWN: readonly RoleChoice[] = [];

/** Roles in one place: each can be changed, and taken, and both taken back. */
export function GrantSection(props: GrantSectionProps) {
  const { label, hint, what, queryKey, list, roles, reason, set, remove, empty } = props;
  const queryClient = useQueryClient();
  const undo = useUndo();
  const [adding, setAdding] = useState(false);
  const pages = usePages(queryKey, list);
  const refresh = () => refreshAccounts(queryClient);
  // Whoever cannot give a role can neither change nor take it.
  const mayChange = ({ role }: Holder) =>
    reason === undefined && (roles === undefined || roles.some(({ value }) => value === role.id));

  /** Gives back what somebody held, where they hold now what was left to them. */
  async function giveBack({ id, role }: Holder, left: string | undefined): Promise<void> {
    requireAsLeft((await findHolder(id, list))?.role.id, left);
    await set(id, role.id);
    await refresh();
  }

  const { mutateAsync: change } = useMutation({
    mutationFn: ({ holder, role }: { readonly holder: Holder; readonly role: string }) => set(holder.id, role),
    async onSuccess(_, { holder, role }) {
      await refresh();
      undo(`Role of ${holder.name} changed.`, () => giveBack(holder, role));
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
  const { mutate: take, isPending: taking } = useMutation({
    mutationFn: (holder: Holder) => remove(holder.id),
    async onSuccess(_, holder) {
      await refresh();
      undo(`${holder.name} removed.`, () => giveBack(holder, undefined));
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
  const takeOne = useCallback((holder: Holder) => !taking && take(holder), [taking, take]);

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
      <ListBody
        what={what}
        caption={label}
        columns={COLUMNS}
        pages={pages}
        within
        height={holderHeight}
        row={(holder) => (
          <HolderRow
            holder={holder}
            roles={mayChange(holder) ? (roles ?? NOT_KNOWN) : undefined}
            change={change}
            take={takeOne}
          />
        )}
        empty={<p className="muted">{empty}</p>}
      />
      <Dialog opened={adding} title={`Add to ${label.toLowerCase()}`} onClose={() => setAdding(false)}>
        <AddForm {...props} onClose={() => setAdding(false)} onAdded={refresh} />
      </Dialog>
    </Section>
  );
}

/** With the role that they hold now; undefined: none. Without a name the whole list is looked through. */
async function findHolder(id: string, list: HolderPages, name = ''): Promise<Holder | undefined> {
  const search = name !== '' && name.length <= SEARCH_MAX_LENGTH && { search: name };
  for await (const holder of list({ limit: PAGE_ROWS_MAX, ...search }, undefined)) if (holder.id === id) return holder;
  return undefined;
}

/** Its cells, or as a card its lines. */
function holderHeight(_: Holder, narrow: boolean): number {
  return narrow ? 111 : 45;
}

interface HolderRowProps {
  readonly holder: Holder;
  /** What can be chosen; undefined: nothing can be changed. */
  readonly roles: readonly RoleChoice[] | undefined;
  readonly change: (change: { readonly holder: Holder; readonly role: string }) => Promise<unknown>;
  readonly take: (holder: Holder) => void;
}

const HolderRow = memo(({ holder, roles, change, take }: HolderRowProps) => (
  <Row>
    <Cell column="Name" heading>
      <HolderName holder={holder} />
    </Cell>
    <Cell column="Kind">{KINDS[holder.kind]}</Cell>
    <Cell column="Role">
      {roles ? (
        <RoleSelect
          name={holder.name}
          role={{ value: holder.role.id, label: holder.role.name }}
          roles={roles}
          onChange={(role) => change({ holder, role })}
        />
      ) : (
        holder.role.name
      )}
    </Cell>
    <Cell column="Actions">
      {roles && (
        <RowButton name={`Remove ${holder.name}`} label="Remove" onClick={() => take(holder)}>
          <IconX size={16} stroke={1.5} />
        </RowButton>
      )}
    </Cell>
  </Row>
));

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

function AddForm({ picker, list, roles = NOT_KNOWN, firstRole, set, command, onClose, onAdded }: AddFormProps) {
  const fields = useFields({ who: null as string | null, role: null as string | null });
  const [name, setName] = useState<string>();
  const [left, setLeft] = useState<Error | null>(null);
  const { who } = fields.values;
  const proposed = roles.find(({ value }) => value === firstRole) ?? roles[0];
  const role = fields.values.role ?? proposed?.value ?? firstRole;
  const add = useMutation({
    async mutationFn(id: string) {
      // Whoever is there already would be given another role in passing.
      const holder = await findHolder(id, list, name);
      if (!holder) await set(id, role);
      // Where they are, the list may not show them yet.
      await onAdded();
      return holder;
    },
    onMutate: () => setLeft(null),
    onSuccess(holder) {
      if (holder)
        fields.fail({ who: `${holder.name} is here already, as ${holder.role.name}. Change the role in the list.` });
      else onClose();
    },
    onError: (error) => setLeft(fields.take(error)),
  });
  return (
    <DialogForm
      onSubmit={() => who !== null && add.mutate(who)}
      onCancel={onClose}
      pending={add.isPending}
      submit="Add"
      submitting="Adding…"
      error={left}
      reason={who === null ? 'Choose whom.' : undefined}
      command={command(who ?? 'ID', role)}
    >
      <div ref={fields.form} className="stack">
        {picker({
          value: who,
          onChange(id, called) {
            fields.set('who', id);
            setName(called);
          },
          error: fields.errors.who,
        })}
        <Select
          label="Role"
          data={[...roles]}
          value={role}
          error={fields.errors.role}
          allowDeselect={false}
          onChange={(chosen) => fields.set('role', chosen)}
        />
      </div>
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
