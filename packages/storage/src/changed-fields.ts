import { isDeepStrictEqual } from 'node:util';

/** Which fields a change really changes, for its audit event: with what they were and became, descriptions excepted. */
export interface ChangedFields {
  readonly changed: readonly string[];
  readonly from: Readonly<Record<string, unknown>>;
  readonly to: Readonly<Record<string, unknown>>;
}

export function changedFields(before: object, change: object): ChangedFields {
  const old = new Map<string, unknown>(Object.entries(before));
  const fields = Object.entries(change).filter(
    ([name, value]) => value !== undefined && !isDeepStrictEqual(value, old.get(name)),
  );
  const told = fields.filter(([name]) => name !== 'description');
  return {
    changed: fields.map(([name]) => name),
    from: Object.fromEntries(told.map(([name]) => [name, old.get(name)])),
    to: Object.fromEntries(told),
  };
}
