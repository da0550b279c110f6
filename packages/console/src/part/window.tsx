import { Modal, type ModalRootProps } from '@mantine/core';
import { type ReactNode, useEffect, useEffectEvent } from 'react';
import classes from './window.module.css';

interface WindowProps extends Omit<ModalRootProps, 'title'> {
  /** How it is called; shown unless `titleHidden`. */
  readonly title: ReactNode;
  readonly titleHidden?: boolean;
  readonly withCloseButton?: boolean;
  readonly children: ReactNode;
}

/** Something over the page. Its head is no landmark of the page: that has one of its own. */
export function Window(props: WindowProps) {
  const { title, titleHidden = false, withCloseButton = true, closeOnEscape = true, children, ...rest } = props;
  useEscape(rest.opened, () => closeOnEscape && rest.onClose());
  return (
    <Modal.Root {...rest} closeOnEscape={false}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={titleHidden ? 'visually-hidden' : classes.head}>
          <Modal.Title>{title}</Modal.Title>
          {withCloseButton && !titleHidden && <Modal.CloseButton aria-label="Close" />}
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** What Escape does in each window that is open; the last one stands over the others. */
const escapes: (() => void)[] = [];

/** Escape belongs to the window on top. Each of Mantine's listens for itself, so that one press would close them all. */
function useEscape(opened: boolean, onEscape: () => void): void {
  const react = useEffectEvent(onEscape);
  useEffect(() => {
    if (!opened) return;
    const own = () => react();
    if (escapes.push(own) === 1) window.addEventListener('keydown', escapeOnTop, { capture: true });
    return () => {
      escapes.splice(escapes.indexOf(own), 1);
      if (escapes.length === 0) window.removeEventListener('keydown', escapeOnTop, { capture: true });
    };
  }, [opened]);
}

function escapeOnTop({ key, isComposing, target }: KeyboardEvent): void {
  if (key !== 'Escape' || isComposing) return;
  // A list or menu that is open in the window closes first, and marks what has the focus.
  if (target instanceof Element && target.getAttribute('data-mantine-stop-propagation') === 'true') return;
  escapes.at(-1)?.();
}
