import { type ErrorFacts, errorOf, type FieldError, type MissingPlace } from './error.ts';
import type { ErrorCode, Receipt } from './openapi.gen.ts';
import { parseReceipt } from './receipt.ts';
import { parseRetryAfter } from './retry.ts';

/** What came back, read whole. */
export interface Answer {
  readonly status: number;
  /** The parsed JSON; undefined where there was none; of an export, the stream of it. */
  readonly body: unknown;
  readonly receipt: Receipt | null;
}

const TEXT_MAX_LENGTH = 1_000;

/** The answer of a success; throws the `PosternError` of a failure. */
export async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  const json = /^application\/(?:problem\+)?json\b/i.test(headers.get('content-type') ?? '');
  const body = json ? parseJson(text) : undefined;
  if (response.ok && (status === 204 || body !== undefined)) {
    return { status, body, receipt: parseReceipt(headers.get('postern-receipt')) };
  }
  throw isProblem(body) ? errorOf(factsOf(body, response)) : errorOf(foreignFacts(response));
}

/** The answer of a success whose body is read while it comes; throws the `PosternError` of one that is of another type. */
export async function openAnswer(response: Response, type: string): Promise<Answer> {
  const [answered = ''] = (response.headers.get('content-type') ?? '').split(';');
  if (answered.trim().toLowerCase() !== type) {
    await response.body?.cancel();
    throw errorOf(foreignFacts(response));
  }
  return { status: response.status, body: response.body, receipt: null };
}

interface Problem {
  readonly code: ErrorCode;
  readonly title: string;
  readonly detail?: unknown;
  readonly errors?: unknown;
  readonly permission?: unknown;
  readonly where?: unknown;
  readonly requestId?: unknown;
}

function isProblem(body: unknown): body is Problem {
  const { code, title } = (body ?? {}) as { code?: unknown; title?: unknown };
  return typeof code === 'string' && typeof title === 'string';
}

function factsOf(problem: Problem, response: Response): ErrorFacts & { status: number } {
  return {
    code: problem.code,
    status: response.status,
    title: problem.title.slice(0, TEXT_MAX_LENGTH),
    detail: textOf(problem.detail),
    errors: Array.isArray(problem.errors) ? problem.errors.filter(isFieldError) : undefined,
    permission: textOf(problem.permission),
    where: placeOf(problem.where),
    requestId: textOf(problem.requestId) ?? textOf(response.headers.get('x-request-id')),
    retryAfterMs: retryAfter(response),
  };
}

function placeOf(where: unknown): MissingPlace | undefined {
  const { kind, id } = (where ?? {}) as { readonly kind?: unknown; readonly id?: unknown };
  const isPlace = kind === 'organization' || kind === 'group' || kind === 'workspace';
  return isPlace ? { kind, id: textOf(id) ?? null } : undefined;
}

function foreignFacts(response: Response): ErrorFacts & { status: number } {
  const { status } = response;
  const redirected = response.type === 'opaqueredirect' || (status >= 300 && status < 400);
  return {
    code: 'client.unexpected_answer',
    status,
    title: redirected
      ? 'The address of Postern answers with a redirect; set it to where that leads. Nothing was sent there.'
      : `What answered (status ${status}) is not Postern. Is the address right, and what stands before it?`,
    requestId: textOf(response.headers.get('x-request-id')),
    retryAfterMs: retryAfter(response),
  };
}

function retryAfter(response: Response): number | undefined {
  return parseRetryAfter(response.headers.get('retry-after'), Date.now());
}

function isFieldError(entry: unknown): entry is FieldError {
  const { path, message } = (entry ?? {}) as { path?: unknown; message?: unknown };
  return typeof path === 'string' && typeof message === 'string';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX_LENGTH) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
