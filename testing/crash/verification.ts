import type { HttpAnswer, HttpClient } from '../http-client.ts';
import type { Random } from '../random.ts';
import type { Uses, Verdict } from './check.ts';
import { liveness, type ValueModel } from './model.ts';

/** Counts how often tokens were used, for as long as one database lives. */
export interface UseCounter {
  readonly uses: ReadonlyMap<string, Uses>;
  asked(tokenId: string): void;
  answered(tokenId: string): void;
  /** The process ended: in good order, and what it answered must have been written; or not. */
  ended(inGoodOrder: boolean): void;
}

export function createUseCounter(): UseCounter {
  const uses = new Map<string, Uses>();
  let answered: string[] = [];
  const of = (tokenId: string): Uses => uses.get(tokenId) ?? { asked: 0, kept: 0 };
  return {
    uses,
    asked(tokenId) {
      const { asked, kept } = of(tokenId);
      uses.set(tokenId, { asked: asked + 1, kept });
    },
    answered: (tokenId) => void answered.push(tokenId),
    ended(inGoodOrder) {
      for (const tokenId of inGoodOrder ? answered : []) {
        const { asked, kept } = of(tokenId);
        uses.set(tokenId, { asked, kept: kept + 1 });
      }
      answered = [];
    },
  };
}

/** Asks about the value by one of the routes that tell; undefined when no answer came. */
export async function verify(
  client: HttpClient,
  model: ValueModel,
  random: Random,
  counter: UseCounter,
): Promise<Verdict | undefined> {
  const { value, token } = model;
  if (value === null) return undefined;
  const earliest = Date.now();
  // Values that have ended are asked about, not called with: too many of those calls would be throttled.
  const isLive = liveness(model, { earliest, latest: earliest }) === 'live';
  const route = random.pick(isLive ? LIVE_ROUTES : ROUTES);
  counter.asked(token.id);
  let answer: HttpAnswer;
  try {
    answer = await ask(client, route, value);
  } catch {
    return undefined;
  }
  const verdict = toVerdict(route, value, answer);
  if (verdict?.active) counter.answered(token.id);
  return verdict && { ...verdict, during: { earliest, latest: Date.now() } };
}

type Route = 'verify' | 'introspect' | 'me';

const ROUTES: readonly Route[] = ['verify', 'introspect'];
const LIVE_ROUTES: readonly Route[] = [...ROUTES, 'me'];

function ask(client: HttpClient, route: Route, value: string): Promise<HttpAnswer> {
  if (route === 'verify') return client.call('POST', '/api/v1/tokens/verify', { body: { token: value } });
  if (route === 'me') return client.call('GET', '/api/v1/me', { token: value });
  return client.call('POST', '/oauth2/introspect', { body: new URLSearchParams({ token: value }) });
}

/** Undefined for an answer that says nothing of the value: throttled, or not available. */
function toVerdict(route: Route, value: string, { status, body }: HttpAnswer): Omit<Verdict, 'during'> | undefined {
  if (route === 'me') {
    if (status !== 200 && status !== 401) return undefined;
    return { value, active: status === 200, tokenId: body.token?.id ?? null, generation: null };
  }
  if (status !== 200) return undefined;
  if (route === 'verify') {
    return {
      value,
      active: body.active,
      tokenId: body.token?.id ?? null,
      generation: body.token?.generation ?? null,
    };
  }
  return {
    value,
    active: body.active,
    tokenId: body['urn:postern:token_id'] ?? null,
    generation: body['urn:postern:generation'] ?? null,
  };
}
