import type { Token } from '@postern/sdk';
import { expect, test } from 'vitest';
import { findToken } from './find.ts';

const ID = `tok_${'0'.repeat(26)}`;
const token = { id: ID, name: 'ci' } as Token;

async function* pageOf(...items: readonly Token[]): AsyncGenerator<Token> {
  yield* items;
}

test('a token of a known owner is asked for by its id, and no list is read', async () => {
  const asked: unknown[] = [];
  const tokens = {
    list: (query: object) => {
      asked.push(query);
      return pageOf(token);
    },
    get: async (id: string) => {
      asked.push(id);
      return token;
    },
  };
  expect(await findToken(tokens, ID)).toBe(token);
  expect(await findToken(tokens, 'ci')).toBe(token);
  expect(asked).toEqual([ID, { search: 'ci' }]);
});

test('a token of an unknown owner is looked for in pages as long as can be', async () => {
  const asked: unknown[] = [];
  const tokens = {
    list: (query: object) => {
      asked.push(query);
      return pageOf({ ...token, id: 'tok_other' }, token);
    },
  };
  expect(await findToken(tokens, ID)).toBe(token);
  expect(asked).toEqual([{ limit: 200 }]);
});
