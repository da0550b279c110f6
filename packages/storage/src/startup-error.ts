/** Why the storage cannot be opened, in one sentence for the operator; thrown by nothing but opening. */
export class StorageStartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageStartError';
  }
}

/** The database has not the form that this Postern works with, and was not to be brought to it. */
export class DatabaseOutdated extends StorageStartError {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseOutdated';
  }
}

/** Another process has the data directory. */
export class DataDirectoryInUse extends StorageStartError {
  /** The other process's id, as text. */
  readonly pid: string;

  constructor(directory: string, pid: string, cause: unknown) {
    super(`Another Postern (process ${pid}) is using ${directory}.`, cause);
    this.name = 'DataDirectoryInUse';
    this.pid = pid;
  }
}
