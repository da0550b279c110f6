import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Invitation, Member } from '@postern/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { memo, type RefObject, useRef, useState } from 'react';
import { Empty } from '../part/empty.tsx';
import { sentenceOf } from '../part/failure.tsx';
import { ForbiddenPage } from '../part/forbidden.tsx';
import { ListBody } from '../part/list-body.tsx';
import { usePages } from '../part/pages.ts';
import { ReasonButton } from '../part/reason-button.tsx';
import { RoleSelect } from '../part/role-select.tsx';
import { type AskedOf, RowMenu, useAskedOf } from '../part/row-menu.tsx';
import { SearchField } from '../part/search-field.tsx';
import { Active, Invited } from '../part/state.tsx';
import { Cell, type Column, Row } from '../part/table.tsx';
import { Time } from '../part/time.tsx';
import { alarm } from '../part/toast.ts';
import { useUndo } from '../part/undo.tsx';
import { postern } from '../postern.ts';
import { useMay, useMe } from '../shell/me.ts';
import { Page } from '../shell/page.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { LinkDialog } from './link-step.tsx';
import classes from './list-page.module.css';
import { MEMBER_ROLES, type MemberRole, refreshMembers } from './query.ts';
import { RemoveDialog } from './remove-dialog.tsx';
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
  const { search = '' } = useSearch({ from: '/shell/settings/members' });
  const navigate = useNavigate({ from: '/settings/members' });
  const mayInvite = useMay('member.create');
  const mayChange = useMay('member.update');
  const me = useMe();
  const [inviting, { open, close: closeInvite }] = useDisclosure(false);
  const { asked, item, ask, close } = useAskedOf<Member, MemberQuestion>();
  const [link, setLink] = useState<Invitation | null>(null);
  const pages = usePages(['members', search], (page, signal) =>
    postern.members.list({ ...page, ...(search !== '' && { search }) }, { signal }),
  );
  const { mutate: resend } = useMutation({
    mutationFn: ({ member }: Asking) => postern.members.resend(member.id),
    onSuccess(invitation, { member, trigger }) {
      setLink(invitation);
      ask('link', member, trigger);
    },
    onError: (error) => alarm(sentenceOf(error)),
  });
  const searchFor = (wanted: string) =>
    void navigate({ search: wanted === '' ? {} : { search: wanted }, replace: true });
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
        <SearchField value={search} onSearch={searchFor} />
      </search>
      <ListBody
        what="members"
        caption="Members"
        columns={COLUMNS}
        pages={pages}
        height={memberHeight}
        row={(member) => (
          <MemberRow member={member} isMe={member.id === me.id} mayChange={mayChange} ask={ask} resend={resend} />
        )}
        empty={<Empty action={<Button onClick={() => searchFor('')}>Clear search</Button>}>No member matches.</Empty>}
      />
      <InviteDialog opened={inviting} onClose={closeInvite} />
      {item && <RemoveDialog key={item.id} member={item} opened={asked === 'remove'} onClose={close} />}
      <LinkDialog
        link={asked === 'link' ? link : null}
        onClose={() => {
          setLink(null);
          close();
        }}
      />
    </Page>
  );
}

/** What opens from a row. It stands beside the list: the row may go while it is read. */
type MemberQuestion = 'remove' | 'link';

/** Whose menu it was asked from. */
interface Asking {
  readonly member: Member;
  readonly trigger: RefObject<HTMLButtonElement | null>;
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
  readonly ask: AskedOf<Member, MemberQuestion>['ask'];
  readonly resend: (asking: Asking) => void;
}

const MemberRow = memo(({ member, isMe, mayChange, ask, resend }: MemberRowProps) => {
  const queryClient = useQueryClient();
  const undo = useUndo();
  const trigger = useRef<HTMLButtonElement>(null);
  const invited = member.status === 'invited';
  const roleName =
    MEMBER_ROLES.find(({ value }) => value === member.organizationRole)?.label ?? member.organizationRole;

  const change = useMutation({
    // The row may show the new role before the answer is here, so the one before goes along.
    mutationFn: ({ role }: { readonly role: MemberRole; readonly before: MemberRole }) =>
      postern.members.update(member.id, { organizationRole: role }),
    async onSuccess(saved, { role, before }) {
      await refreshMembers(queryClient);
      undo(`${member.displayName} is now ${role === 'admin' ? 'an admin' : 'a member'}.`, async () => {
        await postern.members.update(member.id, { organizationRole: before }, { ifMatch: saved });
        await refreshMembers(queryClient);
      });
    },
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
            onChange={(role) =>
              change.mutateAsync({ role: role as MemberRole, before: member.organizationRole as MemberRole })
            }
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
              ...(invited ? [{ label: 'Resend invitation', onClick: () => resend({ member, trigger }) }] : []),
              {
                label: invited ? 'Withdraw invitation' : 'Remove from organization',
                onClick: () => ask('remove', member, trigger),
                destroys: true,
              },
            ]}
          />
        )}
      </Cell>
    </Row>
  );
});
