/** A few places for each principal. `take` throws what `full` makes where all are taken; its answer gives the place back. */
export function createPlaceCount(most: number, full: () => Error): (principalId: string) => () => void {
  const countOf = new Map<string, number>();

  return (principalId) => {
    const count = countOf.get(principalId) ?? 0;
    if (count >= most) throw full();
    countOf.set(principalId, count + 1);
    return () => {
      const left = (countOf.get(principalId) ?? 1) - 1;
      if (left > 0) countOf.set(principalId, left);
      else countOf.delete(principalId);
    };
  };
}
