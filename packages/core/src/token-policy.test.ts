import { expect, test } from 'vitest';
import type { GroupId } from './id.ts';
import { stricterPolicy, type TokenPolicy } from './token-policy.ts';

const groups = (...ids: string[]): TokenPolicy['creation'] => ({ groupIds: ids as GroupId[] });

test.each<readonly [TokenPolicy['creation'], TokenPolicy['creation'], TokenPolicy['creation']]>([
  ['everyone', 'everyone', 'everyone'],
  ['everyone', 'nobody', 'nobody'],
  ['everyone', groups('a'), groups('a')],
  ['nobody', groups('a'), 'nobody'],
  [groups('a', 'b'), groups('b', 'c'), groups('b')],
  [groups('a'), groups('b'), 'nobody'],
])('of %j and %j the stricter is %j, whichever comes first', (one, other, stricter) => {
  const policy = (creation: TokenPolicy['creation']) => ({ creation, maxLifetimeDays: null, requireExpiry: false });
  expect(stricterPolicy(policy(one), policy(other))).toEqual(policy(stricter));
  expect(stricterPolicy(policy(other), policy(one))).toEqual(policy(stricter));
});

test('the shorter life holds, and that tokens must expire', () => {
  const of = (maxLifetimeDays: number | null, requireExpiry: boolean) =>
    ({ creation: 'everyone', maxLifetimeDays, requireExpiry }) as const;
  expect(stricterPolicy(of(null, true), of(30, false))).toEqual(of(30, true));
  expect(stricterPolicy(of(10, false), of(30, false))).toEqual(of(10, false));
});
