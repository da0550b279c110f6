/** Something that is not as it was promised. */
export interface Finding {
  readonly kind: /** Acknowledged, and not there. */
    | 'lost'
    /** Not wholly there, or there against its answer. */
    | 'half-done'
    /** An answer other than things demand. */
    | 'answer'
    /** A value that has ended and is taken for valid. */
    | 'resurrected'
    /** A value that is valid and is not taken for it. */
    | 'refused'
    | 'idempotency'
    | 'audit'
    | 'change-log'
    | 'usage'
    /** The process did not start, or did not stop in good order. */
    | 'process';
  readonly text: string;
}
