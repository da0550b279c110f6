import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRegister } from './check.ts';
import type { Operation, Read, Verdict, Write } from './history.ts';
import { tell } from './story.ts';

function write(to: Verdict, startedAt: number, endedAt: number | null): Write {
  return { kind: 'write', to, startedAt, endedAt, what: to === 'allowed' ? 'grant' : 'revoke' };
}
function read(saw: Verdict, startedAt: number, endedAt: number): Read {
  return { kind: 'read', saw, startedAt, endedAt, what: 'verify on a' };
}
const granted = write('allowed', 0, 10);

describe('a history that can have happened', () => {
  test.each<[string, Operation[]]>([
    ['nothing', []],
    ['denied before anything was granted', [read('denied', 0, 5)]],
    [
      'granted, seen, revoked, not seen',
      [granted, read('allowed', 11, 12), write('denied', 20, 30), read('denied', 31, 32)],
    ],
    [
      'a verification during the revocation sees either',
      [granted, write('denied', 20, 30), read('allowed', 21, 22), read('denied', 23, 24)],
    ],
    [
      'one that started before the answer succeeds after it',
      [granted, write('denied', 20, 30), read('allowed', 29, 99)],
    ],
    [
      'an unanswered revocation that took effect late',
      [granted, write('denied', 20, null), read('allowed', 50, 51), read('denied', 60, 61)],
    ],
    ['an unanswered revocation that never did', [granted, write('denied', 20, null), read('allowed', 50, 51)]],
    [
      'a grant after the revocation',
      [granted, write('denied', 20, 30), write('allowed', 40, 50), read('allowed', 51, 52)],
    ],
    [
      'an unanswered grant that takes effect between two revocations',
      [
        granted,
        write('allowed', 15, null),
        write('denied', 20, 30),
        read('allowed', 35, 36),
        write('denied', 40, 50),
        read('denied', 51, 52),
      ],
    ],
    [
      'two writes at once, in the other order',
      [write('denied', 0, 10), write('allowed', 1, 9), read('denied', 11, 12)],
    ],
  ])('%s', (_, history) => {
    expect(checkRegister(history, 0)).toBeUndefined();
  });
});

describe('a planted history is found', () => {
  test.each<[string, Operation[], Operation]>(
    [
      ['allowed after the answer', [granted, write('denied', 20, 30), read('allowed', 31, 32)], 2],
      [
        'denied, and then allowed again while the revocation was under way',
        [granted, write('denied', 20, 60), read('denied', 21, 22), read('allowed', 23, 24)],
        3,
      ],
      [
        'denied, and then allowed again though the revocation was not answered',
        [granted, write('denied', 20, null), read('denied', 21, 22), read('allowed', 23, 24)],
        3,
      ],
      ['a grant that is not seen', [granted, read('denied', 11, 12)], 1],
      ['allowed before anything was granted', [read('allowed', 0, 1), write('allowed', 5, 6)], 0],
      [
        'the old right after a second revocation',
        [granted, write('denied', 20, 30), write('allowed', 40, 50), write('denied', 60, 70), read('allowed', 71, 72)],
        4,
      ],
      [
        'a repeated revocation that is answered, while the first is not',
        [granted, write('denied', 20, null), write('denied', 40, 50), read('allowed', 51, 52)],
        3,
      ],
      [
        'one allowed among many that are right',
        [
          granted,
          write('denied', 20, 30),
          ...[31, 33, 35, 37].map((at) => read('denied', at, at + 1)),
          read('allowed', 36, 36.5),
        ],
        6,
      ],
      [
        'an unanswered grant that would have to take effect twice',
        [write('allowed', 0, null), read('allowed', 1, 2), write('denied', 3, 4), read('allowed', 5, 6)],
        3,
      ],
    ].map(
      ([name, history, at]) =>
        [name, history, (history as Operation[])[at as number]] as [string, Operation[], Operation],
    ),
  )('%s', (_, history, impossible) => {
    expect(checkRegister(history, 0)?.impossible).toEqual(impossible);
    // Its order in the record does not matter.
    expect(checkRegister(history.toReversed(), 0)).toBeDefined();
  });
});

describe('where memory may be a lease old while a write is under way', () => {
  const LEASE = 2_000;
  const late = 1_000_000;

  test.each<[string, Operation[]]>([
    [
      'one has learnt of it and another has not',
      [granted, write('denied', 20, 60), read('denied', 21, 22), read('allowed', 23, 24)],
    ],
    [
      'of one that is never answered, for a lease',
      [
        granted,
        write('denied', late, null),
        read('denied', late + 1, late + 2),
        read('allowed', late + 1_900, late + 1_901),
      ],
    ],
  ])('%s', (_, history) => {
    expect(checkRegister(history, LEASE)).toBeUndefined();
  });

  test.each<[string, Operation[]]>([
    ['allowed right after the answer', [granted, write('denied', late, late + 1), read('allowed', late + 2, late + 3)]],
    [
      'a grant that is not seen right after the answer',
      [write('allowed', late, late + 1), read('denied', late + 2, late + 3)],
    ],
    [
      'denied, and more than a lease later allowed, though the revocation was not answered',
      [
        granted,
        write('denied', late, null),
        read('denied', late + 1, late + 2),
        read('allowed', late + 2_100, late + 2_101),
      ],
    ],
    [
      'allowed again after the answer, by a memory that is older than it',
      [
        granted,
        write('denied', late, late + 1),
        read('denied', late + 2, late + 3),
        read('allowed', late + 4, late + 5),
      ],
    ],
  ])('%s: found', (_, history) => {
    expect(checkRegister(history, LEASE)?.impossible).toEqual(history.at(-1));
  });
});

test('agrees with trying every order', () => {
  const time = fc.integer({ min: 0, max: 12 });
  const verdict = fc.constantFrom<Verdict>('allowed', 'denied');
  const operation = fc
    .record({
      isWrite: fc.boolean(),
      verdict,
      from: time,
      length: fc.integer({ min: 1, max: 6 }),
      unsure: fc.boolean(),
    })
    .map(({ isWrite, verdict: what, from, length, unsure }) =>
      isWrite ? write(what, from, unsure ? null : from + length) : read(what, from, from + length),
    );
  let impossible = 0;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (history) => {
      const possible = triesEveryOrder(history);
      if (!possible) impossible += 1;
      expect(checkRegister(history, 0) === undefined).toBe(possible);
    }),
    { numRuns: 3_000 },
  );
  expect(impossible).toBeGreaterThan(100);
});

/** By the definition, and slowly. */
function triesEveryOrder(left: readonly Operation[], held: Verdict = 'denied'): boolean {
  if (left.every(({ endedAt }) => endedAt === null)) return true;
  return left.some((operation, index) => {
    const others = left.toSpliced(index, 1);
    if (others.some(({ endedAt }) => endedAt !== null && endedAt < operation.startedAt)) return false;
    if (operation.kind === 'write') return triesEveryOrder(others, operation.to);
    return operation.saw === held && triesEveryOrder(others, held);
  });
}

test('the story names what cannot have happened, and what went on around it', () => {
  const history = [granted, write('denied', 20, 30), read('denied', 31, 32), read('allowed', 33, 34)];
  const faults = [
    { startedAt: 15, endedAt: 40, what: 'a is cut off' },
    { startedAt: 9_000, endedAt: 9_001, what: 'long after' },
  ];
  const violation = checkRegister(history, 0);
  expect(violation).toBeDefined();
  expect(violation && tell('token 1', history, violation, faults)).toMatchInlineSnapshot(`
    "token 1: it was denied, and this cannot have happened:
            0.0 …      10.0 ms  grant: allowed from here on
           15.0 …      40.0 ms  (a is cut off)
           20.0 …      30.0 ms  revoke: denied from here on
           31.0 …      32.0 ms  verify on a: denied
    →      33.0 …      34.0 ms  verify on a: allowed"
  `);
});
