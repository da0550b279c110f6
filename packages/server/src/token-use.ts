import {
  type Caller,
  DAY_MS,
  DomainError,
  formatTime,
  HOUR_MS,
  invalidField,
  type OrganizationId,
  parseTime,
  type Token,
  type TokenAddress,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Answer, ok } from './answer.ts';
import { told } from './represent.ts';
import { declareRoute } from './route.ts';
import { Closed, Nullable, OneOf, PageOf, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';
import { parseTokenAddress, TOKEN_TAG, TOKEN_URL } from './token.ts';

const TokenCaller = Closed(
  {
    address: Nullable(Type.String({ description: 'null where a verifier did not tell' })),
    userAgent: Nullable(Type.String()),
    firstAt: Time(),
    lastAt: Time(),
    calls: Type.Integer(),
  },
  { $id: 'TokenCaller', description: 'Where a value was used from, and by what' },
);
const TokenCallerPage = PageOf(TokenCaller, 'TokenCallerPage');

/** The parts of a route that tells who uses a value. */
export const CALLERS_DESCRIPTION =
  '`generation=previous` shows who still called with the value before the current one.';
export const CallersQuery = Closed({
  generation: Type.Optional(OneOf(['current', 'previous'], { default: 'current' })),
});
export const CALLERS_ANSWERS = { 200: { description: 'Most recent first', body: TokenCallerPage } };

const TokenUsage = Closed(
  {
    at: Time({ description: 'Start of the hour or day, UTC' }),
    generation: Type.Integer(),
    outcome: OneOf(['allowed', 'denied', 'refused']),
    calls: Type.Integer(),
  },
  { $id: 'TokenUsage' },
);
const TokenUsageReport = Closed(
  {
    from: Time(),
    to: Time(),
    by: OneOf(['hour', 'day']),
    items: Type.Array(RefTo(TokenUsage)),
    nextCursor: Nullable(Type.String()),
    usageCompleteUntil: Time({ description: 'Up to when all use is known' }),
  },
  { $id: 'TokenUsageReport' },
);

export const TOKEN_USE_SCHEMAS = [TokenCaller, TokenCallerPage, TokenUsage, TokenUsageReport];

const DEFAULT_DAYS = 30;
/** How much one report may span. */
const LONGEST = { hour: 32 * DAY_MS, day: 400 * DAY_MS } as const;
const STEP = { hour: HOUR_MS, day: DAY_MS } as const;

export function tokenUseRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: `${TOKEN_URL}/callers`,
    operation: 'listTokenCallers',
    tag: TOKEN_TAG,
    summary: 'Who uses a value of this token',
    description: CALLERS_DESCRIPTION,
    permission: 'token.read',
    query: CallersQuery,
    answers: CALLERS_ANSWERS,
    act: ({ caller, params, query }) => answerCallers(server, caller, parseTokenAddress(params), query),
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${TOKEN_URL}/usage`,
    operation: 'getTokenUsage',
    tag: TOKEN_TAG,
    summary: 'Calls of a token by hour or day, generation and outcome',
    permission: 'token.read',
    query: Closed({
      from: Type.Optional(Time({ description: '30 days before `to`, if absent' })),
      to: Type.Optional(Time({ description: 'Now, if absent' })),
      by: Type.Optional(OneOf(['hour', 'day'], { default: 'day' })),
    }),
    answers: { 200: { description: 'Hours or days with calls, oldest first', body: TokenUsageReport } },
    async act({ caller, params, query }) {
      const organizationId = caller.record.organization.id;
      const address = parseTokenAddress(params);
      const { from, to, by } = parsePeriod(query, server.storage.now());
      await findToken(server, organizationId, address);
      const [usage, known] = await Promise.all([
        server.storage.listTokenUsage(organizationId, { ...address, from, to, by }),
        server.storage.findUsageCompleteness(organizationId),
      ]);
      return ok({
        from: formatTime(from),
        to: formatTime(to),
        by,
        items: usage.map(({ at, generation, outcome, calls }) => ({ at: formatTime(at), generation, outcome, calls })),
        nextCursor: null,
        usageCompleteUntil: formatTime(known.until),
      });
    },
  });
}

/** Who uses the token's value, or used the one before it. */
export async function answerCallers(
  server: Server,
  { record: { organization } }: Caller,
  address: TokenAddress,
  query: Type.Static<typeof CallersQuery>,
): Promise<Answer> {
  const token = await findToken(server, organization.id, address);
  const generation = query.generation === 'previous' ? token.generation - 1 : token.generation;
  const callers = await server.storage.listTokenCallers(organization.id, { ...address, generation });
  const items = callers.map((item) => ({
    address: told(item.address),
    userAgent: told(item.userAgent),
    calls: item.calls,
    firstAt: formatTime(item.firstAt),
    lastAt: formatTime(item.lastAt),
  }));
  return ok({ items, nextCursor: null });
}

async function findToken(server: Server, organizationId: OrganizationId, address: TokenAddress): Promise<Token> {
  const token = await server.storage.findToken(organizationId, address);
  if (!token) throw new DomainError('token.not_found');
  return token;
}

/** Whole hours or days, so that each of them is complete; never more than one report may span. */
function parsePeriod(
  query: { readonly from?: string; readonly to?: string; readonly by?: 'hour' | 'day' },
  now: number,
): { from: number; to: number; by: 'hour' | 'day' } {
  const { by = 'day' } = query;
  const to = query.to === undefined ? now : parseTime(query.to, '/to');
  const asked = query.from === undefined ? Math.max(0, to - DEFAULT_DAYS * DAY_MS) : parseTime(query.from, '/from');
  if (asked >= to) throw invalidField('/from', 'must be before `to`');
  if (to - asked > LONGEST[by])
    throw invalidField('/from', `must be at most ${LONGEST[by] / DAY_MS} days before \`to\``);
  return { from: asked - (asked % STEP[by]), to, by };
}
