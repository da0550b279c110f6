/** The heading of what this stands in, a section or the page: where the focus goes when this is gone. */
export function headingAround(element: Element): HTMLElement | null {
  return element.closest('section')?.querySelector<HTMLElement>('h2') ?? document.querySelector<HTMLElement>('main h1');
}
