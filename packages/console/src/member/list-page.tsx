import { Button, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import type { Invitation, Member } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { memo, useCallback, useRef, useState } from 'react';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { Dialog } from '../part/dialog.tsx';
import { Empty } from '../part/empty.tsx';
import { sentenceOf } from '../part/failure.tsx';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { ListBody } from '../part/list-body.tsx';
import { usePages } from '../part/pages.ts';
import { ReasonButton } from '../part/reason-button.tsx';
import { receiptSentence } from '../part/receipt.ts';
import { RoleSelect } from '../part/role-select.tsx';
import { RowMenu, useAsked } from '../part/row-menu.tsx';
import { Active, Invited } from '../part/state.tsx';
import { Cell, type Column, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { alarm, say } from '../part/toast.ts';
import { useUndo } from '../part/undo.tsx';
import { postern } from '../postern.ts';
import { useMay, useMe } from '../shell/me.ts';
import { Page } from '../shell/page.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { LinkStep } from './link-step.tsx';
import classes from './list-page.module.css';
import { MEMBER_ROLES, type MemberRole, refreshMembers } from './query.ts';
import { MembersTabs } from './tabs.tsx';

const COLUMNS: readonly Column[] = [
  { name: 'Name', width: '44%' },
  { name: 'Role', width: '150px' },
  { name: 'Status' },
  { name: 'Since' },
  { name: 'Actions', hidden: true, width: '44px' },
];

export function MembersPage() {
  return useMay('member.read') ? (
    <MemberList />
  ) : (
    <ForbiddenPage title="Members" tabs={<MembersTabs active="members" />}>
      manage members
    </ForbiddenPage>
  );
}

function MemberList() {
  const { search } = useSearch({ from: '/shell/settings/members' });
  const navigate = useNavigate({ from: '/settings/members' });
  const mayInvite = useMay('member.create');
  const mayChange = useMay('member.update');
  const me = useMe();
  const [inviting, { open, close }] = useDisclosure(false);
  const [text, setText] = useState(search ?? '');
  const list = useRef<HTMLDivElement>(null);
  const onGone = useCallback(() => list.current?.focus(), []);
  const searchLater = useDebouncedCallback(
    (wanted: string) => navigate({ search: wanted === '' ? {} : { search: wanted }, replace: true }),
    200,
  );
  const pages = usePages(['members', search], (page, signal) => postern.members.list({ ...page, search }, { signal }));
  return (
    <Page
      title="Members"
      actions={
        <ReasonButton
          variant="filled"
          onClick={open}
          reason={mayInvite ? undefined : 'Only organization admins can invite members.'}
        >
          Invite members
        </ReasonButton>
      }
    >
      <MembersTabs active="members" />
      <search className={classes.filters}>
        <TextInput
          aria-label="Search"
          placeholder="Search"
          type="search"
          maxLength={100}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            searchLater(event.currentTarget.value.trim());
          }}
        />
      </search>
      <ListBody
        ref={list}
        what="members"
        caption="Members"
        columns={COLUMNS}
        pages={pages}
        height={memberHeight}
        row={(member) => <MemberRow member={member} isMe={member.id === me.id} mayChange={mayChange} onGone={onGone} />}
        empty={
          <Empty
            action={
              <Button
                onClick={() => {
                  setText('');
                  void navigate({ search: {} });
                }}
              >
                Clear search
              </Button>
            }
          >
            No member matches.
          </Empty>
        }
      />
      <InviteDialog opened={inviting} onClose={close} />
    </Page>
  );
}

/** Its cells, or as a card its lines; with a line more for the address of who has a name. */
function memberHeight({ status }: Member, narrow: boolean): number {
  if (narrow) return status === 'invited' ? 137 : 153;
  return status === 'invited' ? 45 : 49;
}

interface MemberRowProps {
  readonly member: Member;
  readonly isMe: boolean;
  readonly mayChange: boolean;
  readonly onGone: () => void;
}

const MemberRow = memo(({ member, isMe, mayChange, onGone }: MemberRowProps) => {
  const queryClient = useQueryClient();
  const undo = useUndo();
  const { asked, used, ask, close, trigger } = useAsked<'remove'>();
  const [link, setLink] = useState<Invitation | null>(null);
  const invited = member.status === 'invited';
  const roleName =
    MEMBER_ROLES.find(({ value }) => value === member.organizationRole)?.label ?? member.organizationRole;

  const change = useMutation({
    mutationFn: (role: MemberRole) => postern.members.update(member.id, { organizationRole: role }),
    async onSuccess(_, role) {
      const before = member.organizationRole as MemberRole;
      await refreshMembers(queryClient);
      undo(`${member.displayName} is now ${role === 'admin' ? 'an admin' : 'a member'}.`, async () => {
        await postern.members.update(member.id, { organizationRole: before });
        await refreshMembers(queryClient);
      });
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
  const remove = useMutation({
    mutationFn: () => postern.members.delete(member.id),
    async onSuccess({ receipt }) {
      close();
      await refreshMembers(queryClient);
      // Only now is the row gone, and the focus with it.
      onGone();
      say(invited ? 'Invitation withdrawn.' : `Removed. ${receiptSentence(receipt)}`);
    },
  });
  const resend = useMutation({
    mutationFn: () => postern.members.resend(member.id),
    onSuccess: setLink,
    onError: (error) => alarm(sentenceOf(error)),
  });

  return (
    <Row>
      <Cell column="Name" heading>
        <span className={classes.name}>
          <span>
            <bdi title={member.displayName}>{member.displayName}</bdi>
            {isMe && <span className="muted"> (you)</span>}
          </span>
          {!invited && (
            <span className="meta">
              <bdi>{member.email}</bdi>
            </span>
          )}
        </span>
      </Cell>
      <Cell column="Role">
        {mayChange ? (
          <RoleSelect
            name={member.displayName}
            role={{ value: member.organizationRole, label: roleName }}
            roles={MEMBER_ROLES}
            onChange={(role) => !change.isPending && change.mutate(role as MemberRole)}
          />
        ) : (
          roleName
        )}
      </Cell>
      <Cell column="Status">{invited ? <Invited /> : <Active />}</Cell>
      <Cell column="Since">
        <Time at={member.createdAt} />
      </Cell>
      <Cell column="Actions">
        {mayChange && (
          <RowMenu
            name={member.displayName}
            trigger={trigger}
            actions={[
              ...(invited ? [{ label: 'Resend invitation', onClick: () => resend.mutate() }] : []),
              {
                label: invited ? 'Withdraw invitation' : 'Remove from organization',
                onClick: () => ask('remove'),
                destroys: true,
              },
            ]}
          />
        )}
        {used && (
          <ConfirmDialog
            opened={asked === 'remove'}
            title={
              invited ? (
                'Withdraw the invitation?'
              ) : (
                <>
                  Remove <bdi>{member.displayName}</bdi>?
                </>
              )
            }
            onClose={() => {
              remove.reset();
              close();
            }}
            onConfirm={() => remove.mutate()}
            pending={remove.isPending}
            error={remove.error}
            confirm={invited ? 'Withdraw' : 'Remove'}
            confirming={invited ? 'Withdrawing…' : 'Removing…'}
            command={command('member delete', [member.id])}
          >
            {invited
              ? `The link that ${member.email} got stops working.`
              : 'Their sessions and tokens end at once; memberships go for good. Service accounts they made are kept.'}
          </ConfirmDialog>
        )}
        {resend.data && (
          <Dialog
            opened={link !== null}
            title="A new link"
            onClose={() => {
              setLink(null);
              close();
            }}
          >
            <LinkStep
              invitations={link ? [{ email: member.email, link: link.link, delivery: link.delivery }] : []}
              onDone={() => {
                setLink(null);
                close();
              }}
            />
          </Dialog>
        )}
      </Cell>
    </Row>
  );
});
