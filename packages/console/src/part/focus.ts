import { type RefObject, useLayoutEffect } from 'react';

/** Where the focus goes when this is gone: what it stands in, or the heading of that. */
export function placeAround(element: Element): HTMLElement | null {
  const around = element.parentElement?.closest<HTMLElement>('[tabindex="-1"], section, main') ?? null;
  return around?.matches('[tabindex="-1"]') ? around : (around?.querySelector<HTMLElement>('[tabindex="-1"]') ?? null);
}

/** What goes while the focus is in it leaves the focus to what it stood in, and not to nothing. */
export function useLeftFocus(part: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = part.current;
    // While it is taken out it still stands where it stood.
    return () => {
      if (element?.contains(document.activeElement)) placeAround(element)?.focus({ preventScroll: true });
    };
  }, [part]);
}
