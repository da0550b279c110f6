export type { StorageOptions } from './backend.ts';
export { giveToServer, makeDirectory } from './made-file.ts';
export { openPostgresStorage, type PostgresStorageOptions } from './postgres/storage.ts';
export { readRevocationJournal } from './revocation-journal.ts';
export type { JournalFacts } from './revocation-journal-file.ts';
export type { NewSignInUser, SignInSession } from './sign-in.ts';
export type { SignInSchema } from './sign-in-schema.ts';
export type { DatabaseStorage, SignInStorage } from './sign-in-storage.ts';
export { backUpSqlite, replaceSqlite, unpackSqlite } from './sqlite/backup.ts';
export { type DataDirectoryLock, holdAsWorker, lockDataDirectory } from './sqlite/process-lock.ts';
export { readSqliteOrganizations, readSqliteSecretKeyUse } from './sqlite/read.ts';
export {
  openSqliteStorage,
  prepareSqliteDatabase,
  type SqliteStorageOptions,
  type WorkerPlace,
} from './sqlite/storage.ts';
export { DatabaseOutdated, DataDirectoryInUse, StorageStartError } from './startup-error.ts';
