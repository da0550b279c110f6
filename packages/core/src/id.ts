import type { Clock, RandomBytes } from './clock.ts';

declare const brand: unique symbol;

/** A string that was checked, or made, to be an id of one kind of thing. */
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type OrganizationId = Id<'organization'>;
export type ServiceAccountId = Id<'service_account'>;
export type TokenId = Id<'token'>;
export type AuditEventId = Id<'audit_event'>;
export type GroupId = Id<'group'>;
export type WorkspaceId = Id<'workspace'>;
export type RoleId = Id<'role'>;
export type MemberId = Id<'member'>;
export type InvitationId = Id<'invitation'>;
/** Whoever can be in groups and workspaces, and have tokens. */
export type PrincipalId = ServiceAccountId | MemberId;

const PREFIX = {
  organization: 'org_',
  service_account: 'sa_',
  member: 'mem_',
  invitation: 'inv_',
  token: 'tok_',
  audit_event: 'evt_',
  group: 'grp_',
  workspace: 'ws_',
  role: 'role_',
  user: 'usr_',
  session: 'ses_',
  request: 'req_',
  node: 'node_',
} as const;

export type IdKind = keyof typeof PREFIX;

// Crockford's base 32: no i, l, o, u, so that an id read aloud stays itself.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_BYTES = 10;
const POOL_BYTES = 8_190;
const PATTERN = /^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$/;

/**
 * A new id: prefix, 48 bits of time in milliseconds, 80 random bits. Ids of later milliseconds sort after earlier ones;
 * within a millisecond they are unordered. Never reused: two are equal with probability 2^-80 per pair and millisecond.
 */
export function newId<Kind extends IdKind>(kind: Kind, clock: Pick<Clock, 'now'>, random: RandomBytes): Id<Kind> {
  return `${PREFIX[kind]}${timeText(clock.now())}${base32(random(RANDOM_BYTES), 0)}` as Id<Kind>;
}

/**
 * New ids of one kind, for those who need many: randomness is drawn in bulk, and what the time looks like is remembered
 * while it stays the same.
 */
export function createIdSource<Kind extends IdKind>(
  kind: Kind,
  clock: Pick<Clock, 'now'>,
  random: RandomBytes,
): () => Id<Kind> {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  let time = Number.NaN;
  let start = '';
  return () => {
    if (used + RANDOM_BYTES > pool.length) {
      pool = random(POOL_BYTES);
      used = 0;
    }
    const now = clock.now();
    if (now !== time) {
      time = now;
      start = PREFIX[kind] + timeText(now);
    }
    const id = start + base32(pool, used);
    used += RANDOM_BYTES;
    return id as Id<Kind>;
  };
}

/** The text as an id, or undefined when it cannot be one of that kind. Says nothing about existence. */
export function parseId<Kind extends IdKind>(kind: Kind, text: string): Id<Kind> | undefined {
  return text.startsWith(PREFIX[kind]) && PATTERN.test(text) ? (text as Id<Kind>) : undefined;
}

/** The text as the id of a principal of either kind. */
export function parsePrincipal(text: string): PrincipalId | undefined {
  return parseId('service_account', text) ?? parseId('member', text);
}

/** Which kind of principal bears this id. */
export function principalKind(id: PrincipalId): 'service_account' | 'member' {
  return parseId('member', id) ? 'member' : 'service_account';
}

/** When the id was made, in milliseconds since the epoch. */
export function idTime(id: Id<IdKind>): number {
  const start = id.indexOf('_') + 1;
  let time = 0;
  for (let index = start; index < start + TIME_CHARACTERS; index += 1) {
    time = time * 32 + (VALUES[id.charCodeAt(index)] as number);
  }
  return time;
}

/** What each character of the alphabet stands for, by its code. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))));

/** Ten bits as two characters. */
const PAIRS = Array.from({ length: 1_024 }, (_, bits) => ALPHABET.charAt(bits >>> 5) + ALPHABET.charAt(bits & 31));

/** Up to fifty bits of time as ten characters. */
function timeText(time: number): string {
  const high = Math.floor(time / 2 ** 20);
  const low = time % 2 ** 20;
  return `${PAIRS[high >>> 20]}${PAIRS[(high >>> 10) & 1_023]}${PAIRS[high & 1_023]}${PAIRS[low >>> 10]}${PAIRS[low & 1_023]}`;
}

/** Ten bytes as sixteen characters: five bytes are four times ten bits. */
function base32(bytes: Buffer, offset: number): string {
  return fiveBytes(bytes, offset) + fiveBytes(bytes, offset + 5);
}

function fiveBytes(bytes: Buffer, offset: number): string {
  const high = bytes.readUInt32BE(offset);
  const low = bytes[offset + 4] as number;
  return `${PAIRS[high >>> 22]}${PAIRS[(high >>> 12) & 1_023]}${PAIRS[(high >>> 2) & 1_023]}${PAIRS[((high & 3) << 8) | low]}`;
}
