const MISSPELLED_DISTANCE = 2;

/** A sentence for each variable that looks like a setting written wrong. Others may be anybody's: Kubernetes makes some. */
export function findMisspelled(names: readonly string[], known: readonly string[]): readonly string[] {
  return names
    .filter((name) => name.startsWith('POSTERN_') && !known.includes(name))
    .flatMap((name) => {
      const meant = known.find((variable) => distance(name, variable) <= MISSPELLED_DISTANCE);
      return meant ? [`${name} is not a setting; did you mean ${meant}?`] : [];
    });
}

/** Levenshtein's: how many characters have to be added, left out or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
