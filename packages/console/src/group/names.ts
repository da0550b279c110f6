import { useQueries } from '@tanstack/react-query';
import { groupQuery } from './query.ts';

/** How groups are called; by their ids until that is known, or where they are gone. */
export function useGroupNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const read = useQueries({ queries: ids.map((id) => ({ ...groupQuery(id), refetchInterval: false as const })) });
  return new Map(ids.map((id, index) => [id, read[index]?.data?.name ?? id]));
}
