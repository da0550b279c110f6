import type { Generated } from 'kysely';

/** The tables that the sign-in library writes. Times are RFC 3339 text in UTC with milliseconds; truth values are 0 and 1. */
export interface SignInSchema {
  auth_user: AuthUserTable;
  auth_session: AuthSessionTable;
  auth_account: AuthAccountTable;
  auth_verification: AuthVerificationTable;
  auth_two_factor: AuthTwoFactorTable;
  auth_epoch: AuthEpochTable;
}

interface Written {
  created_at: string;
  updated_at: string;
}

interface AuthUserTable extends Written {
  id: string;
  /** Lower case. */
  email: string;
  email_verified: number;
  name: string;
  image: string | null;
  two_factor_enabled: number | null;
  /** The epoch that began when the person's sessions were last ended together; 0 if they never were. */
  ended_epoch: Generated<number>;
}

/** One row: how often sessions were ended together, anybody's. */
interface AuthEpochTable {
  id: number;
  value: number;
}

interface AuthSessionTable extends Written {
  id: string;
  user_id: string;
  token_digest: string;
  expires_at: string;
  ip_address: string | null;
  user_agent: string | null;
}

/** A way to prove who one is: a password (provider `credential`, account = user), or an account at a provider. */
interface AuthAccountTable extends Written {
  id: string;
  user_id: string;
  provider_id: string;
  account_id: string;
  password_hash: string | null;
}

/** What has been begun and not finished: a reset, a second step. */
interface AuthVerificationTable extends Written {
  id: string;
  identifier_digest: string;
  value: string;
  expires_at: string;
}

interface AuthTwoFactorTable {
  id: string;
  user_id: string;
  /** Encrypted, as are the backup codes. */
  secret: string;
  backup_codes: string;
  verified: number | null;
  failed_verification_count: number | null;
  locked_until: string | null;
}
