import type { Random } from '../random.ts';
import type { FleetNode } from './fleet.ts';
import { type Mutation, type Mutator, mutate, type Outcome } from './mutation.ts';
import { type Value, type Verifier, verify } from './verification.ts';

/** One client of one account: gives its tokens and rights, and takes them, in every way that there is. */
export interface Lane extends Mutator {
  readonly name: string;
  readonly verifier: Verifier;
  /** Everything that may be asked about now; the lanes share it with those who only ask. */
  readonly values: Set<Value>;
}

/** What a lane has made for itself: used for a while, and left behind. */
interface Place {
  readonly accountId: string;
  readonly workspaceId: string;
  readonly groupId: string;
  readonly roleId: string;
  readonly values: Value[];
  /** By which way the account may run things in the workspace. */
  way: 'none' | 'direct' | 'group';
  /** An unanswered call may still change it: nothing new is made there. */
  isTainted: boolean;
}

const STEPS_MAX = 25;
const VALUES_MAX = 3;
/** How long a verification right after an answer may keep the lane from going on. */
const LOOK_MS = 250;
const API = '/api/v1';

/** Until the run is over: makes a place, works there, ends it. */
export async function runLane(lane: Lane): Promise<void> {
  for (let number = 0; !lane.isOver(); number += 1) {
    const place = await makePlace(lane, `${lane.name}-${number}`);
    if (!place) continue;
    for (let step = 0; step < STEPS_MAX && !place.isTainted && !lane.isOver(); step += 1) await takeStep(lane, place);
    await perform(lane, place, {
      what: 'delete account',
      method: 'DELETE',
      path: `${API}/service-accounts/${place.accountId}`,
      saysDone: [404],
      takes: place.values.flatMap(({ alive, may }) => [alive, may]),
    });
    for (const value of [...place.values]) leave(lane, place, value);
  }
}

async function makePlace(lane: Lane, name: string): Promise<Place | undefined> {
  const make = async (path: string, body: object): Promise<string | undefined> => {
    const done = await mutate(lane, { what: `create ${path}`, method: 'POST', path: API + path, body, keyed: true });
    return done?.answer.status === 201 ? done.answer.body.id : undefined;
  };
  const accountId = await make('/service-accounts', { displayName: name, organizationRole: 'member' });
  const workspaceId = await make('/workspaces', { name });
  const groupId = await make('/groups', { name });
  const roleId = await make('/roles', { name, permissions: ['workspace.run'] });
  if (!accountId || !workspaceId || !groupId || !roleId) return undefined;
  return { accountId, workspaceId, groupId, roleId, values: [], way: 'none', isTainted: false };
}

type Step = (lane: Lane, place: Place, random: Random) => Promise<unknown>;

async function takeStep(lane: Lane, place: Place): Promise<void> {
  const { random } = lane;
  const { values, way } = place;
  if (values.length === 0 || (values.length < VALUES_MAX && random.chance(0.35))) await createToken(lane, place);
  else if (way === 'none' && random.chance(0.6)) await random.pick(GIVING)(lane, place, random);
  else if (way !== 'none' && random.chance(0.5)) await takeRight(lane, place, random);
  else await random.pick(ENDING)(lane, place, random);
}

async function createToken(lane: Lane, place: Place): Promise<void> {
  const { name } = lane;
  const done = await mutate(lane, {
    what: 'create token',
    method: 'POST',
    path: `${API}/service-accounts/${place.accountId}/tokens`,
    body: { name, expiresAt: tomorrow() },
    keyed: true,
  });
  if (!done) return;
  if (done.isUnsure) place.isTainted = true;
  if (done.answer.status !== 201) return strange(lane, 'create token', done);
  const value = keep(lane, place, done);
  await lookEverywhere(lane, [value]);
}

/** The value that was just answered, with registers in which it is valid since the first call. */
function keep({ registers, values, now }: Lane, place: Place, { answer, startedAt }: Outcome): Value {
  const { token, value } = answer.body;
  const name = `${token.id} (generation of ${startedAt.toFixed(0)})`;
  const made: Value = {
    value,
    tokenId: token.id,
    workspaceId: place.workspaceId,
    alive: registers.open(`${name} is valid`),
    may: registers.open(`${name} may run things`),
  };
  const given = { kind: 'write', to: 'allowed', startedAt, endedAt: now(), what: 'issue' } as const;
  made.alive.operations.push(given);
  if (place.way !== 'none') made.may.operations.push(given);
  place.values.push(made);
  values.add(made);
  return made;
}

/** Nothing more is asked about it. */
function leave({ registers, values }: Lane, place: Place, value: Value): void {
  values.delete(value);
  place.values.splice(place.values.indexOf(value), 1);
  registers.close(value.alive);
  registers.close(value.may);
}

/** Does it, and asks all nodes at once when it is answered. */
async function perform(lane: Lane, place: Place, mutation: Mutation): Promise<Outcome | undefined> {
  const concerned = place.values.filter(({ alive, may }) =>
    [...(mutation.gives ?? []), ...(mutation.takes ?? [])].some((register) => register === alive || register === may),
  );
  const done = await mutate(lane, mutation);
  if (!done) return undefined;
  if (done.isUnsure) place.isTainted = true;
  const { status } = done.answer;
  if (status >= 300 && !mutation.saysDone?.includes(status)) strange(lane, mutation.what, done);
  await lookEverywhere(lane, concerned);
  return done;
}

async function lookEverywhere({ nodes, verifier }: Lane, values: readonly Value[]): Promise<void> {
  const asked = nodes.flatMap((node: FleetNode) => values.map((value) => verify(verifier, node, value)));
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, LOOK_MS);
  });
  await Promise.race([Promise.all(asked), patience]);
  clearTimeout(timer);
}

/** An answer that nothing explains: unless an unanswered call may have done something meanwhile, it is told. */
function strange({ onStrange }: Lane, what: string, { answer, isUnsure }: Outcome): void {
  if (!isUnsure) onStrange(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

const rightsOf = ({ values }: Place) => values.map(({ may }) => may);
const allOf = ({ values }: Place) => values.flatMap(({ alive, may }) => [alive, may]);
const put = (what: string, path: string, role: string): Mutation => ({
  what,
  method: 'PUT',
  path: API + path,
  body: { role },
});
const remove = (what: string, path: string): Mutation => ({
  what,
  method: 'DELETE',
  path: API + path,
  saysDone: [404],
});

const GIVING: readonly Step[] = [
  async (lane, place) => {
    const { workspaceId, accountId, roleId } = place;
    const gives = rightsOf(place);
    await perform(lane, place, {
      ...put('give role', `/workspaces/${workspaceId}/members/${accountId}`, roleId),
      gives,
    });
    place.way = 'direct';
  },
  async (lane, place) => {
    const { workspaceId, groupId, accountId, roleId } = place;
    await perform(lane, place, put('join group', `/groups/${groupId}/members/${accountId}`, 'member'));
    const gives = rightsOf(place);
    await perform(lane, place, {
      ...put('give group role', `/workspaces/${workspaceId}/groups/${groupId}`, roleId),
      gives,
    });
    place.way = 'group';
  },
];

async function takeRight(lane: Lane, place: Place, random: Random): Promise<void> {
  const { workspaceId, groupId, accountId, roleId } = place;
  const takes = rightsOf(place);
  const empty = { method: 'PATCH', path: `${API}/roles/${roleId}` };
  if (random.chance(0.25)) {
    // Everybody who has the role loses it, and gets it back.
    await perform(lane, place, { what: 'empty role', ...empty, body: { permissions: [] }, takes });
    if (place.isTainted) return;
    const gives = rightsOf(place);
    await perform(lane, place, { what: 'fill role', ...empty, body: { permissions: ['workspace.run'] }, gives });
    return;
  }
  const ways =
    place.way === 'direct'
      ? [remove('take role', `/workspaces/${workspaceId}/members/${accountId}`)]
      : [
          remove('leave group', `/groups/${groupId}/members/${accountId}`),
          remove('take group role', `/workspaces/${workspaceId}/groups/${groupId}`),
        ];
  const direct = place.way === 'direct';
  await perform(lane, place, { ...random.pick(ways), takes });
  place.way = 'none';
  if (direct || place.isTainted) return;
  // Neither half is left for the next way in.
  await perform(lane, place, remove('leave group', `/groups/${groupId}/members/${accountId}`));
  await perform(lane, place, remove('take group role', `/workspaces/${workspaceId}/groups/${groupId}`));
}

const ENDING: readonly Step[] = [
  async (lane, place, random) => {
    const value = random.pick(place.values);
    await end(lane, place, [value], {
      ...remove('delete token', `/service-accounts/${place.accountId}/tokens/${value.tokenId}`),
      takes: [value.alive, value.may],
    });
  },
  async (lane, place, random) => refresh(lane, place, random.pick(place.values)),
  async (lane, place, random) => refresh(lane, place, random.pick(place.values)),
  async (lane, place, random) => {
    const value = random.pick(place.values);
    await end(lane, place, [value], {
      ...remove('give up token', '/me/token'),
      token: value.value,
      // Refused, it was looked at, and that is not an answer that waits for all.
      saysDone: [],
      takes: [value.alive, value.may],
    });
  },
  async (lane, place) =>
    end(lane, place, place.values, {
      ...remove('delete all tokens', `/service-accounts/${place.accountId}/tokens`),
      takes: allOf(place),
    }),
  async (lane, place) =>
    end(lane, place, place.values, {
      what: 'revoke tokens',
      method: 'POST',
      path: `${API}/tokens/revoke`,
      body: { accountId: place.accountId },
      takes: allOf(place),
    }),
  async (lane, place) => {
    const path = `${API}/service-accounts/${place.accountId}`;
    await end(lane, place, place.values, {
      what: 'disable',
      method: 'POST',
      path: `${path}/disable`,
      takes: allOf(place),
    });
    if (!place.isTainted) await perform(lane, place, { what: 'enable', method: 'POST', path: `${path}/enable` });
  },
];

async function end(lane: Lane, place: Place, values: readonly Value[], mutation: Mutation): Promise<void> {
  const ended = [...values];
  if (!(await perform(lane, place, mutation))) return;
  // Now and then a second time: its answer, too, says that they are revoked.
  if (lane.random.chance(0.2) && mutation.token === undefined) await perform(lane, place, mutation);
  await lookEverywhere(lane, ended);
  for (const value of ended) leave(lane, place, value);
}

async function refresh(lane: Lane, place: Place, old: Value): Promise<void> {
  const done = await perform(lane, place, {
    what: 'refresh',
    method: 'POST',
    path: `${API}/service-accounts/${place.accountId}/tokens/${old.tokenId}/refresh`,
    body: { expiresAt: tomorrow() },
    keyed: true,
    takes: [old.alive, old.may],
  });
  if (done?.answer.status !== 200) return;
  const made = keep(lane, place, done);
  await lookEverywhere(lane, [old, made]);
  leave(lane, place, old);
}

function tomorrow(): string {
  return new Date(Date.now() + 86_400_000).toISOString();
}
