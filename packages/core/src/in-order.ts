/**
 * All items in the order of their keys, `size` at a time, without ever being at work for long: runs are sorted one by one,
 * with a pause after each, and every part is merged from them when it is asked for. `key` is compared as text.
 */
export async function* inOrder<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  { size, pause }: { readonly size: number; readonly pause: () => Promise<void> },
): AsyncGenerator<readonly Item[], void> {
  const runs: (readonly Item[])[] = [];
  for (let from = 0; from < items.length; from += size) {
    if (from > 0) await pause();
    runs.push(items.slice(from, from + size).sort((one, other) => (key(one) < key(other) ? -1 : 1)));
  }
  const merged = mergeAll(runs, key);
  for (let part = take(merged, size); part.length > 0; part = take(merged, size)) yield part;
}

function take<Item>(items: Iterator<Item>, size: number): readonly Item[] {
  const part: Item[] = [];
  while (part.length < size) {
    const item = items.next();
    if (item.done) break;
    part.push(item.value);
  }
  return part;
}

function mergeAll<Item>(runs: readonly (readonly Item[])[], key: (item: Item) => string): Iterator<Item> {
  if (runs.length < 2) return (runs[0] ?? []).values();
  const half = runs.length >> 1;
  return merge(mergeAll(runs.slice(0, half), key), mergeAll(runs.slice(half), key), key);
}

function* merge<Item>(
  one: Iterator<Item>,
  other: Iterator<Item>,
  key: (item: Item) => string,
): Generator<Item, void, undefined> {
  let first = one.next();
  let second = other.next();
  while (!first.done || !second.done) {
    if (second.done || (!first.done && key(first.value) <= key(second.value))) {
      yield (first as IteratorYieldResult<Item>).value;
      first = one.next();
    } else {
      yield second.value;
      second = other.next();
    }
  }
}
