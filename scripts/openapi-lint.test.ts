import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';

/** The OpenAPI document is held to the specification and to the strictest rules of a linter that we did not write. */

const path = join(import.meta.dirname, '../openapi.json');

async function lint(source: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({ source, absoluteRef: path, config });
  return problems.map(({ ruleId, message, location: [at] }) => `${ruleId} at ${at?.pointer}: ${message}`);
}

test('the document passes the linter', async () => {
  expect(await lint(await readFile(path, 'utf8'))).toEqual([]);
});

test('the linter finds what is wrong', async () => {
  const document = JSON.parse(await readFile(path, 'utf8'));
  const { get } = document.paths['/api/v1/me'];
  get.responses[200].content['application/json'].schema.$ref = '#/components/schemas/Nothing that is there';
  delete get.operationId;
  const problems = await lint(JSON.stringify(document));
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual(
    expect.arrayContaining(['no-unresolved-refs', 'operation-operationId']),
  );
});
