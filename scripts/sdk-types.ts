/**
 * The types of the SDK, written from the OpenAPI document: `Operations` with the parameters, body and answer of each
 * operation of the API, a type for each component schema that these name, and the closed list of error codes. What the
 * document says in a way that is not known here fails, so that nothing ever turns into `any` in silence.
 */

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

type PathItem = Readonly<Partial<Record<Method, Operation>>> & { readonly parameters?: readonly Parameter[] };

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

const SCHEMA_PREFIX = '#/components/schemas/';
/** What lies elsewhere speaks OAuth, or to load balancers, and is no matter of the SDK. */
const API_PREFIX = '/api/';

/** The text of a TypeScript module; the same document always gives the same text. */
export function writeSdkTypes(document: OpenApiDocument, errorCodes: readonly string[]): string {
  const schemas = namedSchemas(document);
  const operations = apiOperations(document).map(operationType);
  const parts = [
    '// Written by `npm run generate` from openapi.json and the error table. Changes made here are lost.',
    ...schemas.map(([name, schema]) => `${comment(schema.description)}export ${declaration(name, schema)}`),
    `/** Every operation of the API, by method and path. */\nexport interface Operations {\n${operations.join('\n')}\n}`,
    `/** The closed list of codes that the server answers errors with. */\nexport type ErrorCode =\n${errorCodes.map((code) => `| ${literal(code)}`).join('\n')};`,
  ];
  return `${indented(parts.join('\n\n'))}\n`;
}

/** Two spaces for each brace that is open, and for each member of a union that has a line of its own. */
function indented(text: string): string {
  let depth = 0;
  return text
    .split('\n')
    .map((line) => {
      if (line.startsWith('}')) depth -= 1;
      const indent = '  '.repeat(line === '' ? 0 : depth + (line.startsWith('|') ? 1 : 0));
      if (line.endsWith('{')) depth += 1;
      return indent + line;
    })
    .join('\n');
}

/** The schemas that operations name, and those that these name in turn, in the document's order. */
function namedSchemas(document: OpenApiDocument): [string, Schema][] {
  const all = Object.entries(document.components?.schemas ?? {});
  const found = new Set<string>();
  let unread: unknown[] = apiOperations(document).map(({ operation: { parameters, requestBody }, successes }) => [
    parameters,
    requestBody,
    successes,
  ]);
  while (unread.length > 0) {
    const names = referencesIn(unread);
    const added = all.filter(([name]) => names.has(name) && !found.has(name));
    for (const [name] of added) found.add(name);
    unread = added.map(([, schema]) => schema);
  }
  return all.filter(([name]) => found.has(name));
}

function referencesIn(json: unknown): Set<string> {
  const matches = JSON.stringify(json).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
  return new Set([...matches].map((match) => match[1] as string));
}

interface ApiOperation {
  readonly name: string;
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
  readonly successes: readonly { readonly content?: Content }[];
}

function apiOperations(document: OpenApiDocument): ApiOperation[] {
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith(API_PREFIX));
  return paths.flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const name = `${method.toUpperCase()} ${path}`;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
      if (successes.length === 0) throw new Error(`${name} has no successful answer`);
      return [{ name, operation, parameters, successes: successes.map(([, response]) => response) }];
    }),
  );
}

function declaration(name: string, schema: Schema): string {
  if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) throw new Error(`The schema ${name} needs a name that TypeScript can have`);
  const type = typeOf(schema);
  return type.startsWith('{\n') && !schema.allOf ? `interface ${name} ${type}` : `type ${name} = ${type};`;
}

function operationType({ name, operation, parameters, successes }: ApiOperation): string {
  const answers = successes.map(({ content }) => (content ? contentType(content) : 'undefined'));
  const parts = [
    `path: ${parametersType(parameters, 'path')};`,
    `query: ${parametersType(parameters, 'query')};`,
    `body: ${bodyType(operation)};`,
    `answer: ${[...new Set(answers)].join(' | ')};`,
  ];
  return `${comment(operation.summary)}${literal(name)}: {\n${parts.join('\n')}\n};`;
}

function parametersType(parameters: readonly Parameter[], place: string): string {
  const found = parameters.filter((parameter) => parameter.in === place);
  if (found.length === 0) return 'undefined';
  const members = found.map(({ name, required, description, schema }) =>
    member(name, schema, required === true, description),
  );
  return `{\n${members.join('\n')}\n}`;
}

function bodyType(operation: Operation): string {
  if (!operation.requestBody) return 'undefined';
  const type = contentType(operation.requestBody.content);
  return operation.requestBody.required === true ? type : `${type} | undefined`;
}

/** JSON where there is any; what comes as text only (an export, a form) is no matter of the SDK. */
function contentType(content: Content): string {
  const json = content['application/json'];
  return json ? typeOf(json.schema) : 'unknown';
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    if (!schema.$ref.startsWith(SCHEMA_PREFIX)) throw new Error(`${schema.$ref} is no component schema`);
    return schema.$ref.slice(SCHEMA_PREFIX.length);
  }
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return [...new Set(choice.map(typeOf))].join(' | ');
  if (schema.allOf) return schema.allOf.map((part) => `(${typeOf(part)})`).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return listOf(typeOf(schema.items ?? {}));
    case 'object':
      return objectType(schema);
    case undefined:
      if (schema.properties) return objectType(schema);
      return 'unknown';
    default:
      throw new Error(`There is no TypeScript type for ${JSON.stringify(schema.type)}`);
  }
}

function listOf(type: string): string {
  return / [|&] /.test(type) && !type.startsWith('{') ? `(${type})[]` : `${type}[]`;
}

function objectType({ properties, required = [], additionalProperties, patternProperties = {} }: Schema): string {
  const members = Object.entries(properties ?? {}).map(([name, schema]) =>
    member(name, schema, required.includes(name), schema.description),
  );
  if (members.length > 0) return `{\n${members.join('\n')}\n}`;
  const values = [...Object.values(patternProperties), additionalProperties].filter(
    (value) => typeof value === 'object',
  );
  if (values.length > 0) return `Record<string, ${[...new Set(values.map(typeOf))].join(' | ')}>`;
  return `Record<string, ${additionalProperties === false ? 'never' : 'unknown'}>`;
}

function member(name: string, schema: Schema, required: boolean, description: string | undefined): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
  return `${comment(description)}${key}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'};`;
}

function comment(text: string | undefined): string {
  return text ? `/** ${text.replaceAll('*/', '*\\/').replace(/\s+/g, ' ').trim()} */\n` : '';
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${JSON.stringify(value)} cannot be a literal type`);
}
