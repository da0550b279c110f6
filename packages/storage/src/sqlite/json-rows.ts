import { sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/sqlite';
import type { JsonRows } from '../json-text.ts';

export const jsonRows: JsonRows = (rows) => sql<string>`${jsonArrayFrom(rows)}`;
