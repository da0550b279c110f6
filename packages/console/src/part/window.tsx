import { getDefaultZIndex, Modal, type ModalRootProps } from '@mantine/core';
import { type ReactNode, useEffectEvent, useLayoutEffect, useState } from 'react';
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
  const level = useOnTop(rest.opened, () => closeOnEscape && rest.onClose());
  return (
    <Modal.Root zIndex={getDefaultZIndex('modal') + level} {...rest} closeOnEscape={false}>
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

interface OpenWindow {
  /** How many windows it stands over, and one. */
  readonly level: number;
  readonly escape: () => void;
}

/** The last one stands over the others. */
const open: OpenWindow[] = [];

/**
 * What is opened last stands over all others, and Escape belongs to it alone: by itself each of Mantine's stands where its
 * page has it, and listens, so that one press would close them all.
 */
function useOnTop(opened: boolean, onEscape: () => void): number {
  const [level, setLevel] = useState(1);
  const react = useEffectEvent(onEscape);
  useLayoutEffect(() => {
    if (!opened) return;
    const own = { level: (open.at(-1)?.level ?? 0) + 1, escape: () => react() };
    setLevel(own.level);
    if (open.push(own) === 1) window.addEventListener('keydown', escapeOnTop, { capture: true });
    return () => {
      open.splice(open.indexOf(own), 1);
      if (open.length === 0) window.removeEventListener('keydown', escapeOnTop, { capture: true });
    };
  }, [opened]);
  return level;
}

function escapeOnTop({ key, isComposing, target }: KeyboardEvent): void {
  if (key !== 'Escape' || isComposing) return;
  // A list or menu that is open in the window closes first, and marks what has the focus.
  if (target instanceof Element && target.getAttribute('data-mantine-stop-propagation') === 'true') return;
  open.at(-1)?.escape();
}
