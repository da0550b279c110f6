import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '@postern/core';
import { Postern } from '@postern/sdk';
import type { Postern as Process } from './postern-process.ts';

const COLUMNS = [
  ...['id', 'organization_id', 'display_name', 'description', 'name_key', 'search_text', 'status', 'organization_role'],
  ...['token_count', 'last_used_at', 'created_at', 'updated_at', 'version', 'created_by_kind', 'created_by_name'],
];
/** Every so many have a description, so that rows differ in height. */
const DESCRIBED_EVERY = 3;

/** The name of the account with that number, counted from 1. By name they come in this order, before any whose name begins with a letter. */
export function numberedName(number: number): string {
  return `${String(number).padStart(5, '0')}-pipeline`;
}

/**
 * Puts that many service accounts into the embedded database of a process, past Postern: it is stopped for that, and another
 * one returned on the same data and address. There are no audit events and no changes for these accounts.
 */
export async function addManyAccounts(server: Process, count: number): Promise<Process> {
  const { organization } = await new Postern({ url: server.url, token: server.adminToken }).me();
  await server.stop();
  const database = new DatabaseSync(join(server.dataDirectory, 'postern.db'));
  try {
    const insert = database.prepare(
      `insert into principal (${COLUMNS.join(', ')}) values (${COLUMNS.map(() => '?').join(', ')})`,
    );
    const at = Date.now();
    database.exec('begin immediate');
    for (let number = 1; number <= count; number += 1) {
      const name = numberedName(number);
      const id = newId('service_account', { now: () => at }, randomBytes);
      const description = number % DESCRIBED_EVERY === 0 ? `What ${name} is for` : '';
      insert.run(
        ...[id, organization.id, name, description, name, `${name} ${description}`, 'active', 'member'],
        ...[number % 5, 0, at, at, 1, 'operator', 'operator'],
      );
    }
    database.exec('commit');
  } finally {
    database.close();
  }
  return server.restart();
}
