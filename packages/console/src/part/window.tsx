import { Modal, type ModalRootProps } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './window.module.css';

interface WindowProps extends Omit<ModalRootProps, 'title'> {
  /** How it is called; shown unless `titleHidden`. */
  readonly title: ReactNode;
  readonly titleHidden?: boolean;
  readonly withCloseButton?: boolean;
  readonly children: ReactNode;
}

/** Something over the page. Its head is no landmark of the page: that has one of its own. */
export function Window({ title, titleHidden = false, withCloseButton = true, children, ...rest }: WindowProps) {
  return (
    <Modal.Root {...rest}>
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
