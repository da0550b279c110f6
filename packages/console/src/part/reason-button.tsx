import { Button, type ButtonProps } from '@mantine/core';
import { type MouseEventHandler, type ReactNode, useId } from 'react';
import classes from './reason-button.module.css';

interface ReasonButtonProps extends ButtonProps {
  /** Why it cannot be pressed now; undefined: it can. */
  readonly reason: string | undefined;
  readonly onClick: MouseEventHandler<HTMLButtonElement>;
  readonly children: ReactNode;
}

/** A button that stays where the keyboard finds it while it cannot be pressed, with the reason beside it. */
export function ReasonButton({ reason, onClick, children, ...rest }: ReasonButtonProps) {
  const reasonId = useId();
  if (reason === undefined) {
    return (
      <Button {...rest} onClick={onClick}>
        {children}
      </Button>
    );
  }
  return (
    <span className={classes.reasoned}>
      <Button {...rest} aria-disabled="true" aria-describedby={reasonId} onClick={(event) => event.preventDefault()}>
        {children}
      </Button>
      <span className="meta" id={reasonId}>
        {reason}
      </span>
    </span>
  );
}
