import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Change } from '@postern/core';

/** Notified by whoever commits a change. */
export const CHANNEL = 'postern_change';

/** What is heard: who has committed, and what the log has at its end; `nodeId` undefined when anybody may have. */
export interface Notification {
  readonly nodeId: string | undefined;
  readonly changes: readonly Change[];
}

/** All that can be believed of what nobody has sealed: there may be something new. */
export const ANYBODY: Notification = { nodeId: undefined, changes: [] };

/** In hexadecimal digits: the seal, which stands before what it seals. */
const SEAL_LENGTH = 64;
/** Of the hash, in bytes. */
const BLOCK_LENGTH = 64;

/**
 * What is told of the log is applied without being read, and every user of a PostgreSQL may listen and notify. So it is
 * sealed by HMAC-SHA-256 (RFC 2104) under a key that only who may read our tables knows. One that is sent again does no
 * harm: it is a part of the log, or of one that the database has no more, which acknowledges nothing.
 */
export interface NotificationSeal {
  /** For `sealed`: what the statement needs of the key. */
  readonly inner: Buffer;
  readonly outer: Buffer;
  /** `ANYBODY` for whatever we have not sealed. */
  open(payload: string): Notification;
}

/** `key`: as the database has it, in hexadecimal digits. */
export function createNotificationSeal(key: string): NotificationSeal {
  const secret = Buffer.from(key, 'hex');
  const padded = (byte: number) =>
    Buffer.from(Array.from({ length: BLOCK_LENGTH }, (_, at) => byte ^ (secret[at] ?? 0)));
  return {
    inner: padded(0x36),
    outer: padded(0x5c),
    open(payload) {
      const text = payload.slice(SEAL_LENGTH);
      const expected = createHmac('sha256', secret).update(text).digest();
      const found = Buffer.from(payload.slice(0, SEAL_LENGTH), 'hex');
      return found.length === expected.length && timingSafeEqual(found, expected) ? JSON.parse(text) : ANYBODY;
    },
  };
}

/** The seal and what it seals, in a statement; each of them an expression. */
export function sealed(text: string, inner: string, outer: string): string {
  return `encode(sha256(${outer}::bytea || sha256(${inner}::bytea || convert_to(${text}, 'UTF8'))), 'hex') || ${text}`;
}
