import type { ComponentProps } from 'react';
import classes from './icon-button.module.css';

interface IconButtonProps extends ComponentProps<'button'> {
  readonly 'aria-label': string;
}

/** A button that is an icon. Rows have many of them: it is the browser's own, and as quick. */
export function IconButton({ className = '', ...rest }: IconButtonProps) {
  return <button type="button" className={`${classes.button} ${className}`} {...rest} />;
}
