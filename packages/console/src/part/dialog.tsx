import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { createContext, type ReactNode, useCallback, useContext, useId, useLayoutEffect, useRef } from 'react';
import { AsCommand } from './as-command.tsx';
import classes from './dialog.module.css';
import { Refusal } from './failure.tsx';
import { Window } from './window.tsx';

/** Keeps the dialog around from being closed, until what this answers is called. */
type Hold = () => () => void;

const HoldContext = createContext<Hold | null>(null);

interface DialogProps {
  readonly opened: boolean;
  readonly title: ReactNode;
  /** Not called while its form is pending: an answer that is waited for is not walked away from. */
  readonly onClose: () => void;
  readonly size?: number;
  readonly children: ReactNode;
}

/** A question over the page. It fills a narrow screen; focus stays inside and goes back to where it came from. */
export function Dialog({ opened, title, onClose, size = 480, children }: DialogProps) {
  const narrow = useMediaQuery('(max-width: 767px)');
  const holds = useRef(0);
  const hold = useCallback<Hold>(() => {
    holds.current += 1;
    return () => {
      holds.current -= 1;
    };
  }, []);
  return (
    <Window
      opened={opened}
      onClose={() => holds.current === 0 && onClose()}
      title={title}
      size={size}
      fullScreen={narrow ?? false}
      centered
      closeOnClickOutside={false}
    >
      <HoldContext value={hold}>{children}</HoldContext>
    </Window>
  );
}

interface DialogFormProps {
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
  readonly pending: boolean;
  /** What is done, and what it says while it is being done: Create, Creating… */
  readonly submit: string;
  readonly submitting: string;
  readonly cancel?: string;
  readonly error?: Error | null;
  readonly tone?: 'brick';
  /** Why it cannot be done yet. */
  readonly reason?: string | undefined;
  /** The same from a terminal; null where a terminal cannot do it, which the note explains. */
  readonly command: string | null;
  /** What else is to be known of that. */
  readonly commandNote?: string;
  /** Where focus starts when it is on no field: on the way back. */
  readonly focusCancel?: boolean;
  readonly footer?: ReactNode;
  readonly children: ReactNode;
}

/** The fields of a dialog and its two ways out. */
export function DialogForm(props: DialogFormProps) {
  const { onSubmit, onCancel, pending, submit, submitting, cancel = 'Cancel', error, tone, reason } = props;
  const reasonId = useId();
  const sent = useRef(false);
  const hold = useContext(HoldContext);
  useLayoutEffect(() => (pending ? hold?.() : undefined), [pending, hold]);
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        // Portals bubble: a form in a dialog that another form opened must not send that one.
        event.stopPropagation();
        if (pending || sent.current || reason !== undefined) return;
        onSubmit();
        // A second click, or Escape, may come before it is known here what the first has begun.
        sent.current = true;
        const release = hold?.();
        setTimeout(() => {
          sent.current = false;
          release?.();
        });
      }}
    >
      <div className={classes.fields}>{props.children}</div>
      <Refusal error={error ?? null} />
      <AsCommand note={props.commandNote}>{props.command}</AsCommand>
      <div className={classes.footer}>
        {props.footer}
        {reason !== undefined && (
          <span className="meta" id={reasonId}>
            {reason}
          </span>
        )}
        <Button onClick={onCancel} disabled={pending} data-autofocus={props.focusCancel || undefined}>
          {cancel}
        </Button>
        <Button
          type="submit"
          variant="filled"
          data-tone={tone}
          aria-disabled={pending || reason !== undefined ? true : undefined}
          {...(reason !== undefined && { 'aria-describedby': reasonId })}
        >
          {pending ? submitting : submit}
        </Button>
      </div>
    </form>
  );
}
