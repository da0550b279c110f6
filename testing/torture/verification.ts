import type { HttpAnswer } from '../http-client.ts';
import type { Random } from '../random.ts';
import type { FleetNode } from './fleet.ts';
import type { Register, Registers } from './register.ts';

/** A value of a token, and the two rights that hang on it: to be known at all, and to run things in a workspace. */
export interface Value {
  readonly value: string;
  readonly tokenId: string;
  readonly workspaceId: string;
  readonly alive: Register;
  readonly may: Register;
}

/** Who asks, and notes what is answered. */
export interface Verifier {
  readonly registers: Registers;
  /** The token of an account that may verify others'. */
  readonly token: string;
  readonly random: Random;
  /** Told of an answer that must not be. */
  readonly onStrange: (what: string) => void;
}

type Route = 'verify' | 'introspect' | 'me';

interface Seen {
  readonly alive: boolean;
  /** Where the route tells. */
  readonly may: boolean | undefined;
}

/** Asks one node about the value. Resolves when it is answered, or never will be. False when no answer came. */
export async function verify(verifier: Verifier, node: FleetNode, value: Value): Promise<boolean> {
  const { registers, random } = verifier;
  const route: Route = random.pick(['verify', 'verify', 'verify', 'introspect', 'me']);
  const what = `${route} on ${node.name}`;
  const ends = [registers.ask(value.alive, what), registers.ask(value.may, what)] as const;
  let seen: Seen | undefined;
  let isAnswered = false;
  try {
    const answer = await send(verifier, node, route, value);
    isAnswered = true;
    seen = read(route, answer);
    if (!seen && answer.status !== 503) verifier.onStrange(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
  } catch {
    // Killed, or cut: nothing was seen.
  }
  ends[0](seen && (seen.alive ? 'allowed' : 'denied'));
  ends[1](seen?.may === undefined ? undefined : seen.may ? 'allowed' : 'denied');
  return isAnswered;
}

function send({ token, random }: Verifier, node: FleetNode, route: Route, value: Value): Promise<HttpAnswer> {
  if (route === 'introspect') {
    return node.client.call('POST', '/oauth2/introspect', { token, body: new URLSearchParams({ token: value.value }) });
  }
  if (route === 'me') {
    // From somewhere else each time: failures are throttled by address.
    const address = [10, random.below(256), random.below(256), random.below(256)].join('.');
    return node.client.call('GET', '/api/v1/me', { token: value.value, headers: { 'x-forwarded-for': address } });
  }
  const body = { token: value.value, permission: 'workspace.run', workspace: value.workspaceId };
  return node.client.call('POST', '/api/v1/tokens/verify', { token, body });
}

/** Undefined for an answer that says nothing of the value. */
function read(route: Route, { status, body }: HttpAnswer): Seen | undefined {
  if (route === 'me' && (status === 200 || status === 401)) return { alive: status === 200, may: undefined };
  if (status !== 200) return undefined;
  const alive = body.active === true;
  return { alive, may: route === 'verify' ? alive && body.allowed === true : undefined };
}
