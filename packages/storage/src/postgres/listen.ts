import type { Change } from '@postern/core';
import type { Client } from 'pg';
import { CONNECTION_CONFIG } from './connection.ts';
import type { Primary } from './primary.ts';

/** Notified by whoever commits a change. */
export const CHANNEL = 'postern_change';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

export interface Listener {
  close(): Promise<void>;
}

/** What is heard: who has committed, and what the log has at its end; undefined when anybody may have. */
export interface Notification {
  readonly nodeId: string | undefined;
  readonly changes: readonly Change[];
}

const ANYBODY: Notification = { nodeId: undefined, changes: [] };

/** Calls back with what is heard. A hint: while the connection is down nothing is called. */
export function listen(primary: Primary, onNotification: (notification: Notification) => void): Listener {
  let client: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let pauseMs = FIRST_RETRY_MS;
  let closed = false;

  function connectLater(): void {
    if (closed) return;
    retry = setTimeout(connect, pauseMs).unref();
    pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
  }

  function connect(): void {
    primary.locate().then(connectNow, connectLater);
  }

  function connectNow(): void {
    if (closed) return;
    const connecting = primary.createClient(CONNECTION_CONFIG);
    client = connecting;
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      void connecting.end().catch(() => undefined);
      connectLater();
    };
    connecting.on('error', lose);
    connecting.on('end', lose);
    connecting.on('notification', ({ payload = '' }) => onNotification(parseNotification(payload)));
    connecting
      .connect()
      .then(() => connecting.query(`listen ${CHANNEL}`))
      .then(() => {
        pauseMs = FIRST_RETRY_MS;
        // What was said while nobody listened.
        onNotification(ANYBODY);
      })
      .catch(lose);
  }

  connect();
  // A former primary that lives on would keep the connection, and say nothing.
  primary.onMove(() => {
    if (client && !primary.isCurrent(client)) void client.end().catch(() => undefined);
  });
  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}

/** An older Postern says its node's id only. */
function parseNotification(payload: string): Notification {
  try {
    const { nodeId, changes } = JSON.parse(payload);
    return { nodeId, changes: Array.isArray(changes) ? changes : [] };
  } catch {
    return { nodeId: payload, changes: [] };
  }
}
