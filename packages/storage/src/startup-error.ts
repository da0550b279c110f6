/** Why the storage cannot be opened, in one sentence for the operator; thrown by nothing but opening. */
export class StorageStartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageStartError';
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
