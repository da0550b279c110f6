import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { command } from '../part/command.ts';
import { ConfirmDialog } from '../part/confirm-dialog.tsx';
import { say } from '../part/toast.ts';
import { counted } from '../part/word.ts';
import { postern } from '../postern.ts';
import { useMay } from '../shell/me.ts';
import { Section } from '../shell/page.tsx';
import { organizationQuery } from '../token/limits.ts';

const ON_THE_SERVER = 'For the operator, on the machine of the server.';

/** After a restore: the tokens wait, and somebody has to say what becomes of them. Shown only then. */
export function QuarantineSection() {
  const mayUpdate = useMay('organization.update');
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState<'release' | 'delete' | null>(null);
  const { data: organization } = useQuery({ ...organizationQuery, enabled: mayUpdate });
  function close(): void {
    setAsked(null);
    release.reset();
    deleteAll.reset();
  }

  const release = useMutation({
    mutationFn: () => postern.organization.release(),
    async onSuccess() {
      close();
      await queryClient.invalidateQueries();
      say('No token is held back any more.');
    },
  });
  const deleteAll = useMutation({
    mutationFn: () => postern.organization.deleteQuarantinedTokens(),
    async onSuccess(count) {
      close();
      await queryClient.invalidateQueries();
      say(`${counted(count, 'token was', 'tokens were')} deleted.`);
    },
  });

  if (!organization) return null;
  const { quarantine } = organization;
  const releasable = quarantine === 'releasable';
  return (
    <>
      {quarantine && (
        <Section
          label="Restored from a backup"
          hint="All tokens are refused until this is decided"
          actions={
            <>
              {releasable && <Button onClick={() => setAsked('release')}>Release tokens</Button>}
              <Button data-tone="brick" onClick={() => setAsked('delete')}>
                Delete all tokens
              </Button>
            </>
          }
        >
          <p role="status">
            {releasable
              ? 'Whatever was revoked since the backup stays revoked. The other tokens work again once you release them.'
              : 'Nothing tells what was revoked since the backup, so no token can be trusted: they can only be deleted.'}
          </p>
        </Section>
      )}
      {/* Somebody else may decide it while one is asked: that is said there, when one has answered. */}
      <ConfirmDialog
        opened={asked === 'release'}
        title="Release the tokens?"
        onClose={close}
        onConfirm={() => release.mutate()}
        pending={release.isPending}
        error={release.error}
        confirm="Release tokens"
        confirming="Releasing…"
        gentle
        command={command('quarantine release', [organization.id])}
        commandNote={ON_THE_SERVER}
      >
        Calls with the tokens of the backup are answered again, but for what was revoked since.
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === 'delete'}
        title="Delete all tokens?"
        onClose={close}
        onConfirm={() => deleteAll.mutate()}
        pending={deleteAll.isPending}
        error={deleteAll.error}
        confirm="Delete all tokens"
        confirming="Deleting…"
        typed="delete all tokens"
        command={command('quarantine delete-tokens', [organization.id])}
        commandNote={ON_THE_SERVER}
      >
        Every token of this organization is deleted for good, people’s own tokens as well. Accounts and memberships are
        kept.
      </ConfirmDialog>
    </>
  );
}
