import { randomBytes } from 'node:crypto';
import {
  createOrganization,
  DomainError,
  ERRORS,
  formatTime,
  type Organization,
  type OrganizationId,
  type OrganizationSummary,
  PLANS,
  type Plan,
  parseId,
  parseName,
  planIncludesServiceAccounts,
  setOrganizationPlan,
} from '@postern/core';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings } from './setting.ts';
import { EXIT_FAILURE, EXIT_USAGE, StartError } from './start-error.ts';
import { readOrganizations, requireDatabase, workOnDatabase } from './wire.ts';

/**
 * What the operator does with organizations, on the server's machine. Changes are mutations like all others: with
 * PostgreSQL they may be made beside running servers, which have applied them when these functions return; an embedded
 * database must have no server meanwhile. All of them throw StartError.
 */

export interface OrganizationEntry {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  readonly accounts: number;
  readonly createdAt: string;
}

export interface PlanChange {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  /** False where it had this plan already. */
  readonly changed: boolean;
  /** Whether service accounts and their tokens do not work under this plan. */
  readonly paused: boolean;
}

/** `value` is the first admin's token, which is nowhere else. */
export async function organizationCreate(
  flags: Environment,
  input: { readonly name: string; readonly plan: string },
): Promise<Omit<PlanChange, 'changed'> & { readonly value: string }> {
  const plan = parsePlan(input.plan);
  const name = parseOperatorName(input.name, 'an organization');
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  const keys = loadSecretKeys(settings, randomBytes);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      if (!(await storage.hasBootstrapped())) {
        throw new StartError('This database has had no first start yet: run `postern serve` on it once.');
      }
      await checkSecretKeys(storage, keys);
      const { organization, value } = await createOrganization({ storage, keys, random: randomBytes }, { name, plan });
      return { ...toPlan(organization), value: value.reveal() };
    }),
  );
}

/** The oldest first; beside running servers, whatever the database. */
export async function organizationList(flags: Environment): Promise<readonly OrganizationEntry[]> {
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  return told(async () => (await readOrganizations(settings, randomBytes)).map(toEntry));
}

export async function organizationSetPlan(
  flags: Environment,
  input: { readonly id: string; readonly plan: string },
): Promise<PlanChange> {
  const id = parseOrganizationId(input.id);
  const plan = parsePlan(input.plan);
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      const done = await setOrganizationPlan({ storage, random: randomBytes }, id, plan);
      if (!done) throw new StartError('There is no organization with that id; `postern organization list` lists them.');
      return { ...toPlan(done.result), changed: done.changed };
    }),
  );
}

function toPlan({ id, name, plan }: Organization) {
  return { id, name, plan, paused: !planIncludesServiceAccounts(plan) };
}

function toEntry({ id, name, plan, accounts, createdAt }: OrganizationSummary): OrganizationEntry {
  return { id, name, plan, accounts, createdAt: formatTime(createdAt) };
}

function parsePlan(text: string): Plan {
  const plan = PLANS.find((each) => each === text);
  if (!plan) throw new StartError(`A plan is one of ${PLANS.join(', ')}.`, EXIT_USAGE);
  return plan;
}

/** Throws StartError. */
export function parseOrganizationId(text: string): OrganizationId {
  const id = parseId('organization', text);
  if (!id)
    throw new StartError('That is not the id of an organization; `postern organization list` lists them.', EXIT_USAGE);
  return id;
}

/** The name of `what`, as an operand. Throws StartError. */
export function parseOperatorName(text: string, what: string): string {
  try {
    return parseName(text, '');
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const message = error.facts.errors?.[0]?.message ?? 'must not be a token';
    throw new StartError(`The name of ${what} ${message}.`, EXIT_USAGE);
  }
}

/** What the database could not do, in a sentence for the operator. */
export async function told<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError && (error.kind === 'unavailable' || error.kind === 'conflict'))
      throw new StartError(ERRORS[error.code].title, EXIT_FAILURE);
    throw error;
  }
}
