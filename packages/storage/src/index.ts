export type { StorageOptions } from './backend.ts';
export { openPostgresStorage, type PostgresStorageOptions } from './postgres/storage.ts';
export { type DataDirectoryLock, lockDataDirectory } from './sqlite/process-lock.ts';
export { readSqliteSecretKeyUse } from './sqlite/secret-key-use.ts';
export { openSqliteStorage, type SqliteStorageOptions } from './sqlite/storage.ts';
export { StorageStartError } from './startup-error.ts';
