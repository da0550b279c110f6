/** What a storage tells of itself, for whoever operates it. */
export interface StorageStats {
  /** For how long this process may still answer from memory; undefined where that needs no lease. Not below 0. */
  readonly leaseRemainingMs: number | undefined;
  readonly pools: readonly {
    readonly pool: string;
    readonly total: number;
    readonly idle: number;
    /** Calls that wait for a connection. */
    readonly waiting: number;
  }[];
  /** Revocations that wait for the journal. */
  readonly journalPending: number;
  readonly journalFailures: number;
}

export interface StatusStorage {
  /** From memory. */
  stats(): StorageStats;
  /** How many processes serve the database, and how many changes the furthest of them is behind. */
  readNodeLag(): Promise<{ readonly nodes: number; readonly lag: number }>;
}
