import { readFileSync } from 'node:fs';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createHttpClient } from '../testing/http-client.ts';
import { createDatabase } from '../testing/postgres.ts';
import { openSession } from './session.ts';
import { openValueFile } from './value-file.ts';

const SIZE = 1_250;

test.each(['sqlite', 'postgres'])(
  'every token that %s was filled with is valid, and was made for an account',
  async (engine) => {
    const database = engine === 'postgres' ? await createDatabase(inject('postgresUrl')) : undefined;
    if (database) onTestFinished(database.drop);
    const session = await openSession({ size: SIZE, databaseUrl: database?.url, serverRunner: [] });
    onTestFinished(session.remove);
    const postern = await session.start();
    onTestFinished(async () => void (await postern.stop()));
    const client = createHttpClient(postern.url, session.data.adminToken);
    onTestFinished(client.close);
    const values = openValueFile(session.allFile);
    expect(values.count).toBe(SIZE);
    const tokens = Array.from({ length: SIZE }, (_, at) => values.at(at));
    expect(new Set(tokens).size).toBe(SIZE);
    const verdicts = await Promise.all(
      tokens.map(async (token) => (await client.call('POST', '/api/v1/tokens/verify', { body: { token } })).body),
    );
    expect(verdicts.filter(({ active }) => !active)).toEqual([]);
    expect(new Set(verdicts.map(({ token }) => token.id)).size).toBe(SIZE);
    // One hundred each, and the last one has the rest.
    expect(new Set(verdicts.map(({ principal }) => principal.id)).size).toBe(13);
    expect(readFileSync(session.allFile, 'latin1').startsWith(readFileSync(session.fewFile, 'latin1'))).toBe(true);
    const unknown = openValueFile(session.unknownFile).at(0);
    const refused = await client.call('POST', '/api/v1/tokens/verify', { body: { token: unknown } });
    expect(refused.body).toEqual({ active: false });
  },
);
