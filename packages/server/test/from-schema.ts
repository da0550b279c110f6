import fc from 'fast-check';

/** JSON schemas as the OpenAPI document has them, as arbitraries. What a schema has that is not known here is an error. */

export interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface FromSchemaOptions {
  readonly schemas: Readonly<Record<string, Schema>>;
  /** Text that is likely to mean something for a field or parameter of that name; undefined where there is none. */
  readonly known: (name: string) => fc.Arbitrary<string> | undefined;
}

const LIST_MAX = 3;
const TEXT_MAX = 40;
const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc
    .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  email: fc.emailAddress(),
  uri: fc.webUrl(),
};

/** What the schema allows; `name` is that of the field or parameter. */
export function fromSchema(schema: Schema, name: string, options: FromSchemaOptions): fc.Arbitrary<unknown> {
  const { $ref, anyOf, type, enum: words } = schema;
  if ($ref !== undefined) {
    const target = options.schemas[$ref.split('/').at(-1) ?? ''];
    if (!target) throw new Error(`the document has no ${$ref}`);
    return fromSchema(target, name, options);
  }
  if (anyOf) return fc.oneof(...anyOf.map((each) => fromSchema(each, name, options)));
  if (words) return fc.constantFrom(...words);
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(type)) return fc.oneof(...type.map((each) => fromSchema({ ...schema, type: each }, name, options)));
  switch (type) {
    case 'object':
      return objectOf(schema, options);
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, name, options), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? LIST_MAX, LIST_MAX),
      });
    case 'string':
      return textOf(schema, name, options);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000_000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case undefined:
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`${name} is of the unknown type ${String(type)}`);
  }
}

function objectOf({ properties = {}, required = [] }: Schema, options: FromSchemaOptions): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, fromSchema(schema, name, options)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required], noNullPrototype: true });
}

function textOf(
  { format, pattern, minLength = 0, maxLength = TEXT_MAX }: Schema,
  name: string,
  { known }: FromSchemaOptions,
): fc.Arbitrary<string> {
  const limits = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, TEXT_MAX)) };
  const matches = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  const formatted = format === undefined ? undefined : FORMATS[format];
  if (format !== undefined && !formatted) throw new Error(`${name} is of the unknown format ${format}`);
  // A pattern that only forbids characters is met by almost any text; one that spells something out is written by it.
  const text = pattern?.startsWith('^[^')
    ? fc.string({ unit: 'grapheme', ...limits }).filter((one) => matches?.test(one) ?? true)
    : matches
      ? fc.stringMatching(new RegExp(pattern ?? '')).filter((one) => one.length <= maxLength)
      : fc.string({ unit: 'grapheme', ...limits });
  const any = formatted ?? text.filter((one) => [...one].length >= minLength && [...one].length <= maxLength);
  const likely = known(name);
  return likely ? fc.oneof({ weight: 2, arbitrary: likely }, any) : any;
}
