import { type AnyRouter, useElementScrollRestoration, useLocation, useRouter } from '@tanstack/react-router';
import { type RefObject, useLayoutEffect, useState } from 'react';

/** Where somebody was in a list: the item, and which of the things in its row that take the focus. */
interface Spot {
  readonly item: string;
  readonly control: number;
}

const CONTROLS = 'a, button, input, select';

/** By the page's entry in the browser's history. */
const spots = new Map<string, Spot>();

/** From now on it is remembered, with each page that is left, where somebody was last in its lists. */
export function rememberSpots(router: AnyRouter): void {
  let last: Spot | undefined;
  function note({ target }: Event): void {
    const control = target instanceof Element ? target.closest<HTMLElement>(CONTROLS) : null;
    // What leads away may stand around the page, or over it.
    if (control?.closest('main')) last = spotOf(control);
  }
  document.addEventListener('focusin', note);
  // Not every browser gives the focus to what is clicked.
  document.addEventListener('click', note);
  router.subscribe('onBeforeLoad', ({ fromLocation, pathChanged }) => {
    const key = fromLocation?.state.__TSR_key;
    if (key === undefined || !pathChanged) return;
    if (last) spots.set(key, last);
    else spots.delete(key);
    last = undefined;
  });
}

/**
 * Where somebody was last in this table when they left its page; undefined for a page that is new. Once the row is
 * there the focus goes back to it, unless it has been put somewhere meanwhile; where the row is on the screen is left alone.
 */
export function useSpot(table: RefObject<HTMLTableElement | null>): Spot | undefined {
  const key = useLocation({ select: ({ state }) => state.__TSR_key });
  const [spot] = useState(() => (key === undefined ? undefined : spots.get(key)));
  useLayoutEffect(() => {
    if (!spot || !table.current || !isFree(document.activeElement)) return;
    const row = rowsOf(table.current).find(({ dataset }) => dataset['item'] === spot.item);
    if (row) controlsOf(row)[spot.control]?.focus({ preventScroll: true });
  }, [spot, table]);
  return spot;
}

/** How far down a page is in its window, in pixels, or will be as soon as it is shown: a new one begins at its top. */
export function useScrollStart(): number {
  const router = useRouter();
  const before = useElementScrollRestoration({ getElement: () => window });
  const [start] = useState(() => {
    const { location, resolvedLocation } = router.state;
    const isShown = resolvedLocation?.state.__TSR_key === location.state.__TSR_key;
    return isShown ? window.scrollY : (before?.scrollY ?? 0);
  });
  return start;
}

function spotOf(control: HTMLElement): Spot | undefined {
  const row = control.closest<HTMLElement>('tbody[data-item]');
  if (row?.dataset['item'] === undefined) return undefined;
  return { item: row.dataset['item'], control: controlsOf(row).indexOf(control) };
}

function rowsOf(table: HTMLTableElement): HTMLElement[] {
  return [...table.querySelectorAll<HTMLElement>('tbody[data-item]')];
}

function controlsOf(row: HTMLElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(CONTROLS)];
}

/** Nobody has put the focus anywhere: it is where a page begins. */
export function isFree(element: Element | null): boolean {
  return element === null || element === document.body || element.tagName === 'H1';
}
