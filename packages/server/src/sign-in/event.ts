import type { ErrorCode } from '@postern/core';

/** What sign-in leaves for the audit log. A refused attempt may name nobody: whether an e-mail is known is for the log only. */
export type SignInEvent =
  | {
      readonly kind: 'signed_in';
      readonly userId: string;
      readonly sessionId: string;
      /** `password`, `totp`, `backup_code`, or the provider's name. */
      readonly method: string;
    }
  | { readonly kind: 'signed_out'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'password_changed'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'password_reset'; readonly userId: string }
  | { readonly kind: 'reset_requested'; readonly userId: string }
  | { readonly kind: 'totp_enabled'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'totp_disabled'; readonly userId: string; readonly sessionId: string }
  | {
      readonly kind: 'refused';
      readonly userId: string | null;
      readonly method: string;
      /** An error code of ours, or what the provider or the library said. */
      readonly reason: string;
    }
  | {
      readonly kind: 'change_refused';
      readonly userId: string;
      /** The event that it would have been. */
      readonly change: SignInChange;
      readonly code: ErrorCode;
    };

/** What a signed-in person changes by saying the password. */
export type SignInChange = 'password_changed' | 'totp_enabled' | 'totp_disabled';

/** Who asks, as the door knows it. */
export interface SignInCaller {
  /** The client's address; never what a client wrote. */
  readonly address: string;
  readonly requestId: string;
}

/**
 * Keeps the event. It is awaited before the answer, and a sign-in whose event cannot be kept is undone; only what would tell whether an e-mail is
 * known, a refused attempt and a reset that was asked for, is answered before.
 */
export type RecordSignIn = (event: SignInEvent, caller: SignInCaller) => Promise<void>;
