/** Why the storage cannot be opened, in one sentence for the operator; thrown by nothing but opening. */
export class StorageStartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageStartError';
  }
}
