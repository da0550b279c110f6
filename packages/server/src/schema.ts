import { DESCRIPTION_MAX_LENGTH, NAME_MAX_LENGTH, PERMISSION_PATTERN, SEARCH_MAX_LENGTH } from '@postern/core';
import Type, { type Static, type TSchema } from 'typebox';

/** The vocabulary of all schemas: what requests are checked against, and what the OpenAPI document says. */

// Control characters, lone surrogates, and the bidirectional marks that make a name read as another one; core refuses them too.
const NOT_IN_NAMES = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff';
const NOT_IN_TEXT =
  '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff';
const NAME_PATTERN = `^[^${NOT_IN_NAMES}]*$`;
const TEXT_PATTERN = `^[^${NOT_IN_TEXT}]*$`;
const ORGANIZATION_OR_ANY_PATTERN = '^(?:org_[0-9a-hjkmnp-tv-z]{26}|\\*)$';
const ADDRESS_MAX_LENGTH = 64;
const USER_AGENT_MAX_LENGTH = 500;

/** What is said of a value that a pattern refuses. */
export const PATTERN_MESSAGES: Readonly<Record<string, string>> = {
  [NAME_PATTERN]: 'must not contain control or bidirectional formatting characters',
  [TEXT_PATTERN]: 'must not contain control or bidirectional formatting characters',
  [PERMISSION_PATTERN]: 'must be a permission: noun.verb, in lower case',
  [ORGANIZATION_OR_ANY_PATTERN]: 'must be the id of an organization, or * for any',
};

/** An object whose fields are all known. */
export function Closed<Fields extends Type.TProperties>(fields: Fields, options: Type.TObjectOptions = {}) {
  return Type.Object(fields, { additionalProperties: false, ...options });
}

/** One of a few words. */
export function OneOf<Word extends string>(words: readonly Word[], options: Type.TSchemaOptions = {}) {
  return Type.Unsafe<Word>({ type: 'string', enum: [...words], ...options });
}

/** The schema's value, or null. */
export function Nullable<Schema extends TSchema>(schema: Schema) {
  if ('$ref' in schema) return Type.Unsafe<Static<Schema> | null>({ anyOf: [schema, { type: 'null' }] });
  const { type, ...rest } = schema as unknown as { type: string; enum?: unknown[] };
  return Type.Unsafe<Static<Schema> | null>({
    ...rest,
    type: [type, 'null'],
    ...(rest.enum && { enum: [...rest.enum, null] }),
  });
}

/** A reference to a named schema, which keeps its name in the OpenAPI document. */
export function RefTo<Schema extends TSchema>(schema: Schema) {
  return Type.Unsafe<Static<Schema>>({ $ref: `${nameOf(schema)}#` });
}

export function nameOf(schema: TSchema): string | undefined {
  return (schema as { $id?: string }).$id;
}

export const Name = (options: Type.TSchemaOptions = {}) =>
  Type.String({ minLength: 1, maxLength: NAME_MAX_LENGTH, pattern: NAME_PATTERN, ...options });
/** A new one. */
export const Password = () => Type.String({ minLength: 1, maxLength: 200, description: 'At least 12 characters' });
export const Description = (options: Type.TSchemaOptions = {}) =>
  Type.String({ maxLength: DESCRIPTION_MAX_LENGTH, pattern: TEXT_PATTERN, ...options });
/** Whether it is a time is core's to say: it knows the calendar. */
export const Time = (options: Type.TSchemaOptions = {}) =>
  Type.String({ format: 'date-time', maxLength: 40, ...options });
export const PermissionText = (options: Type.TSchemaOptions = {}) =>
  Type.String({ pattern: PERMISSION_PATTERN, ...options });
export const AddressText = (options: Type.TSchemaOptions = {}) =>
  Type.String({ maxLength: ADDRESS_MAX_LENGTH, ...options });
export const UserAgentText = (options: Type.TSchemaOptions = {}) =>
  Type.String({ maxLength: USER_AGENT_MAX_LENGTH, ...options });
export const EmailText = (options: Type.TSchemaOptions = {}) =>
  Type.String({ minLength: 3, maxLength: 254, format: 'email', ...options });
export const IdText = (options: Type.TSchemaOptions = {}) => Type.String({ minLength: 1, maxLength: 64, ...options });

/** Where whoever asks says whose tokens it is about. */
export const OrganizationIdOrAny = (options: Type.TSchemaOptions = {}) =>
  Type.String({ pattern: ORGANIZATION_OR_ANY_PATTERN, ...options });

/** A workspace stands everywhere by its id or its name. */
export const WorkspaceText = (options: Type.TSchemaOptions = {}) =>
  Type.String({ minLength: 1, maxLength: NAME_MAX_LENGTH, description: 'A workspace, by id or name', ...options });

/** The query fields that every list has. */
export const LIST_FIELDS = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many items at most' })),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2_000,
      description: '`nextCursor` of the page before, with the same filters',
    }),
  ),
};

export const SEARCH_FIELD = {
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: SEARCH_MAX_LENGTH,
      pattern: NAME_PATTERN,
      description: 'Part of a name or description, in any case; wildcards are text',
    }),
  ),
};

/** Words to sort by, each also with `-` in front for the reverse. */
export function SortField<Word extends string>(words: readonly Word[]) {
  const both = words.flatMap((word) => [word, `-${word}` as const]);
  return Type.Optional(OneOf(both, { description: 'What to sort by; `-` reverses' }));
}

/** A page of a list. */
export function PageOf<Schema extends TSchema>(schema: Schema, name: string) {
  return Closed(
    { items: Type.Array(RefTo(schema)), nextCursor: Nullable(Type.String()) },
    { $id: name, description: 'One page of the list; `nextCursor` is null on the last one' },
  );
}

export const Receipt = Closed(
  {
    position: Type.Integer({ description: "Position in the organization's change log" }),
    confirmed: Type.Integer({ description: 'Serving processes that have applied the change' }),
    expired: Type.Integer({
      description: 'Serving processes that were waited out and answer nothing from memory any more',
    }),
    ms: Type.Number({ description: 'Milliseconds from the commit to this receipt' }),
  },
  { $id: 'Receipt', description: 'How far a change has reached, when its answer is given' },
);

/** A thing by its id, with the name it has now. */
export const NamedRef = Closed({ id: Type.String(), name: Type.String() }, { $id: 'NamedRef' });

export const PrincipalRef = Closed(
  { id: Type.String(), kind: OneOf(['service_account', 'member']), displayName: Type.String() },
  { $id: 'PrincipalRef', description: 'A service account or a member' },
);

export const Creator = Closed(
  {
    kind: OneOf(['service_account', 'member', 'operator']),
    id: Nullable(Type.String()),
    displayName: Type.String(),
  },
  { $id: 'Creator', description: 'Who made a thing, under the name it bore then' },
);

export const Problem = Closed(
  {
    type: Type.String({ format: 'uri', description: "The error's page in the documentation" }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; one of the error reference' }),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Closed({ path: Type.String(), message: Type.String() }))),
    permission: Type.Optional(Type.String({ description: 'The permission that is missing' })),
    where: Type.Optional(
      Closed(
        { kind: OneOf(['organization', 'group', 'workspace']), id: Nullable(Type.String()) },
        { description: 'Where it is missing' },
      ),
    ),
    maxExpiresAt: Type.Optional(Time({ description: 'The latest expiry that the token policy allows' })),
    requestId: Type.String(),
  },
  { $id: 'Problem', description: 'An error, as RFC 9457 writes it' },
);

export const OAuthError = Closed(
  { error: Type.String(), error_description: Type.String() },
  { $id: 'OAuthError', description: 'An error, as RFC 6749 section 5.2 writes it' },
);
