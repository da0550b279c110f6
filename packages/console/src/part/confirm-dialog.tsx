import { TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Dialog, DialogForm } from './dialog.tsx';

interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly confirm: string;
  readonly confirming: string;
  readonly cancel?: string;
  /** To be typed first; where a slip would cost too much. */
  readonly typed?: string;
  readonly command: string;
  readonly commandNote?: string;
  /** It gives something back rather than destroying it. */
  readonly gentle?: boolean;
  readonly footer?: ReactNode;
  readonly children: ReactNode;
}

/** Asks before something ends. The server does it before anything here says so. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, title, onClose } = props;
  return (
    <Dialog opened={opened} title={title} onClose={onClose}>
      <ConfirmForm {...props} />
    </Dialog>
  );
}

function ConfirmForm(props: ConfirmDialogProps) {
  const { onClose, onConfirm, pending, error, confirm, confirming, cancel, typed, command, gentle, children } = props;
  const [text, setText] = useState('');
  const missing = typed !== undefined && text.trim() !== typed;
  return (
    <DialogForm
      onSubmit={onConfirm}
      onCancel={onClose}
      pending={pending}
      submit={confirm}
      submitting={confirming}
      cancel={cancel ?? 'Cancel'}
      error={error}
      {...(!gentle && { tone: 'brick' as const })}
      reason={missing ? 'Type the confirmation text first.' : undefined}
      command={command}
      {...(props.commandNote !== undefined && { commandNote: props.commandNote })}
      focusCancel={typed === undefined}
      footer={props.footer}
    >
      <div>{children}</div>
      {typed !== undefined && (
        <TextInput
          label={
            <>
              Type{' '}
              <strong style={{ userSelect: 'none' }}>
                <bdi>{typed}</bdi>
              </strong>{' '}
              to confirm
            </>
          }
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
      )}
    </DialogForm>
  );
}

/** What has to be typed for a thing of this name: the name, unless it is too long or confusing to copy by hand. */
export function confirmationText(name: string): string {
  const plain =
    name.length <= 32 && /^[\p{L}\p{N}\p{P}\p{Zs}]+$/u.test(name) && !/\p{Script=Hebrew}|\p{Script=Arabic}/u.test(name);
  return plain && name === name.trim() ? name : 'delete';
}
