import { DomainError, type FieldError, TOKEN_PATTERN } from '@postern/core';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { PATTERN_MESSAGES } from './schema.ts';

/** Checks data against a schema: undefined, or what is wrong with it. */
export type Validate = (data: unknown) => DomainError | undefined;

const ERRORS_MAX = 20;
const KEY_MAX_LENGTH = 64;

/**
 * Compiles schemas. Bodies are taken as they are: nothing is coerced, removed or filled in. Query strings know only text,
 * so there numbers and booleans are read from it; a parameter that comes twice is never one value.
 */
export function createValidators(named: readonly TSchema[]): {
  body(schema: TSchema): Validate;
  query(schema: TSchema): Validate;
} {
  const options = { strict: false, allErrors: true, validateFormats: false, schemas: named as object[] };
  const strict = new Ajv(options);
  const coercing = new Ajv({ ...options, coerceTypes: true });
  return {
    body: (schema) => toValidate(strict, schema),
    query: (schema) => toValidate(coercing, schema),
  };
}

/** Compiled when there is something to check: all of them together are a good part of a start. */
function toValidate(ajv: Ajv, schema: TSchema): Validate {
  let check: ValidateFunction | undefined;
  return (data) => {
    check ??= ajv.compile(schema);
    return check(data) ? undefined : invalid(check.errors ?? []);
  };
}

function invalid(found: readonly ErrorObject[]): DomainError {
  const errors = new Map<string, FieldError>();
  for (const error of found) {
    if (errors.size === ERRORS_MAX) break;
    const field = toFieldError(error);
    if (!errors.has(field.path)) errors.set(field.path, field);
  }
  return new DomainError('request.invalid', { errors: [...errors.values()] });
}

function toFieldError({ instancePath: path, keyword, params }: ErrorObject): FieldError {
  switch (keyword) {
    case 'additionalProperties':
      return unknownField(path, String(params['additionalProperty']));
    case 'required':
      return { path: `${path}/${pointer(String(params['missingProperty']))}`, message: 'is required' };
    case 'enum':
      return { path, message: `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}` };
    case 'type':
      return { path, message: `must be ${typeNames(params['type'])}` };
    case 'minLength':
      return {
        path,
        message: params['limit'] === 1 ? 'must not be empty' : `must have at least ${params['limit']} characters`,
      };
    case 'maxLength':
      return { path, message: `must have at most ${params['limit']} characters` };
    case 'minimum':
      return { path, message: `must be at least ${params['limit']}` };
    case 'maximum':
      return { path, message: `must be at most ${params['limit']}` };
    case 'minProperties':
      return { path, message: 'must name at least one field' };
    case 'pattern':
      return { path, message: PATTERN_MESSAGES[String(params['pattern'])] ?? 'is not written as it must be' };
    default:
      return { path, message: 'is not valid' };
  }
}

/** The error at a field that nobody knows. A name that may hold a secret, or is too long to be one, is not repeated. */
export function unknownField(parent: string, key: string): FieldError {
  const repeatable = key.length <= KEY_MAX_LENGTH && !TOKEN_PATTERN.test(key) && !key.includes('pst_');
  return repeatable
    ? { path: `${parent}/${pointer(key)}`, message: 'is not a known field' }
    : { path: parent, message: 'has a field that is not known' };
}

/** A name as a step of a JSON Pointer (RFC 6901 section 3). */
function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function typeNames(type: unknown): string {
  const names = (Array.isArray(type) ? type : String(type).split(',')).map((name) => TYPE_NAMES[name] ?? String(name));
  return names.join(' or ');
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};
