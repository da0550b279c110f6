import { useEffect } from 'react';
import { headingAround } from '../part/heading.ts';

/** As long as a dialog or a menu takes to give the focus back to what opened it. */
const RETURN_MS = 50;

/**
 * What has the focus may go with its row, its form or its dialog. Who works with the keyboard is then not thrown back to where
 * the document begins, but goes on at what stood around it: the dialog, the heading of the section, or that of the page.
 */
export function useFocusHome(): void {
  useEffect(() => {
    let around: readonly EventTarget[] = [];
    let timer: number | undefined;
    function note(event: FocusEvent): void {
      around = event.composedPath();
    }
    function goHome(): void {
      if (document.activeElement === document.body && isGone(around)) homeIn(around)?.focus({ preventScroll: true });
    }
    const observer = new MutationObserver(() => {
      if (document.activeElement !== document.body || !isGone(around)) return;
      clearTimeout(timer);
      timer = window.setTimeout(goHome, RETURN_MS);
    });
    document.addEventListener('focusin', note);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      document.removeEventListener('focusin', note);
    };
  }, []);
}

function isGone([element]: readonly EventTarget[]): boolean {
  return element instanceof Element && !element.isConnected;
}

/** The nearest place of what is left around it that takes the focus. */
function homeIn(around: readonly EventTarget[]): HTMLElement | null {
  const left = around.find((each): each is Element => each instanceof Element && each.isConnected);
  const dialog = left?.closest<HTMLElement>('[role="dialog"]');
  if (dialog) return dialog.querySelector<HTMLElement>('[data-autofocus]') ?? dialog;
  return left ? headingAround(left) : null;
}
