import { describe, expect, test } from 'vitest';
import { type OpenApiDocument, writeSdkTypes } from './sdk-types.ts';

type Schema = NonNullable<NonNullable<OpenApiDocument['components']>['schemas']>[string];

const flat = (text: string) => text.replace(/\s+/g, ' ');
const answering = (schema: Schema) => ({
  '/api/it': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } },
});
const schemaAs = (schema: Schema) =>
  flat(
    writeSdkTypes(
      { paths: answering({ $ref: '#/components/schemas/It' }), components: { schemas: { It: schema } } },
      [],
    ),
  ).match(/(?:type It = |interface It )(.*?);? \/\*\* Every/)?.[1];

describe('a schema becomes', () => {
  test.each<[string, Schema, string]>([
    ['a component', { $ref: '#/components/schemas/Token' }, 'Token'],
    ['a literal', { const: 'active', type: 'string' }, "'active'"],
    ['a literal with a quote', { const: "it's" }, "'it\\'s'"],
    ['a union of literals', { enum: ['a', 'b', null] }, "'a' | 'b' | null"],
    ['a union', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
    ['a union by its types', { type: ['integer', 'null'] }, 'number | null'],
    ['a list of a union', { type: 'array', items: { enum: ['a', 'b'] } }, "('a' | 'b')[]"],
    ['an object with nothing in it', { type: 'object', additionalProperties: false }, 'Record<string, never>'],
    ['a map', { type: 'object', additionalProperties: { type: 'number' } }, 'Record<string, number>'],
    ['a map by pattern', { type: 'object', patternProperties: { '^.*$': {} } }, 'Record<string, unknown>'],
    ['anything', {}, 'unknown'],
    [
      'an object',
      {
        type: 'object',
        properties: { one: { type: 'string', description: 'The */ first.' }, 'two-b': { type: 'number' } },
        required: ['one'],
      },
      "{ /** The *\\/ first. */ one: string; 'two-b'?: number | undefined; }",
    ],
  ])('%s', (_, schema, expected) => {
    expect(schemaAs(schema)).toBe(expected);
  });

  test.each<Schema>([{ type: 'file' }, { $ref: '#/components/parameters/x' }, { const: { a: 1 } }])(
    'nothing in silence: %j',
    (schema) => {
      expect(() => schemaAs(schema)).toThrow();
    },
  );
});

test('an operation has its parameters, body and answer', () => {
  const text = writeSdkTypes(
    {
      paths: {
        '/api/things/{id}': {
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          get: {
            summary: 'Reads one',
            parameters: [
              { name: 'limit', in: 'query', schema: { type: 'integer' } },
              { name: 'if-match', in: 'header', schema: { type: 'string' } },
            ],
            responses: {
              200: { content: { 'application/json': { schema: { type: 'boolean' } } } },
              404: { content: { 'application/problem+json': { schema: { type: 'string' } } } },
            },
          },
          delete: { responses: { 204: {} } },
        },
      },
    },
    ['a.b', 'c'],
  );
  expect(flat(text)).toContain(
    "/** Reads one */ 'GET /api/things/{id}': { path: { id: string; }; query: { limit?: number | undefined; }; body: undefined; answer: boolean; };",
  );
  expect(flat(text)).toContain(
    "'DELETE /api/things/{id}': { path: { id: string; }; query: undefined; body: undefined; answer: undefined; };",
  );
  expect(text).toContain(`export type ErrorCode =\n  | 'a.b'\n  | 'c';\n`);
});

test('an operation without a successful answer is refused', () => {
  expect(() => writeSdkTypes({ paths: { '/api/x': { get: { responses: { 404: {} } } } } }, [])).toThrow('GET /api/x');
});

test('what no operation of the API names is left out', () => {
  const text = writeSdkTypes(
    {
      paths: {
        ...answering({ type: 'array', items: { $ref: '#/components/schemas/One' } }),
        '/oauth2/it': { post: { responses: { 200: {} } } },
      },
      components: {
        schemas: {
          Unnamed: { type: 'string' },
          Two: { type: 'string' },
          One: { type: 'object', properties: { two: { $ref: '#/components/schemas/Two' } } },
        },
      },
    },
    [],
  );
  expect([...text.matchAll(/export (?:type|interface) (\w+)/g)].map((match) => match[1])).toEqual([
    'Two',
    'One',
    'Operations',
    'ErrorCode',
  ]);
  expect(text).not.toContain('oauth2');
});
