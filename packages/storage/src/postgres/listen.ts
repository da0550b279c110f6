import type { Client } from 'pg';
import { CONNECT_TIMEOUT_MS, CONNECTION_CONFIG } from './connection.ts';
import { ANYBODY, CHANNEL, type Notification, type NotificationSeal } from './notification.ts';
import type { Primary } from './primary.ts';
import { destroySocket } from './socket.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** A server whose machine has vanished says nothing, not even that: it is asked so often, and has `CONNECT_TIMEOUT_MS` to answer. */
const HEARTBEAT_MS = 5_000;

export interface Listener {
  close(): void;
}

/** Calls back with what is heard. While the connection is down nothing is called. */
export function listen(
  primary: Primary,
  seal: NotificationSeal,
  onNotification: (notification: Notification) => void,
): Listener {
  let current: { readonly client: Client; readonly lose: () => void } | undefined;
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
    const client = primary.createClient({ ...CONNECTION_CONFIG, query_timeout: CONNECT_TIMEOUT_MS });
    let beats: NodeJS.Timeout | undefined;
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      clearInterval(beats);
      // Not ended: that would wait for a peer that may not be there any more.
      destroySocket(client);
      connectLater();
    };
    current = { client, lose };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ payload = '' }) => onNotification(seal.open(payload)));
    client
      .connect()
      .then(() => client.query(`listen ${CHANNEL}`))
      .then(() => {
        if (lost) return;
        pauseMs = FIRST_RETRY_MS;
        beats = setInterval(() => client.query('select 1').catch(lose), HEARTBEAT_MS).unref();
        // What was said while nobody listened.
        onNotification(ANYBODY);
      })
      .catch(lose);
  }

  connect();
  // A former primary that lives on would keep the connection, and say nothing.
  primary.onMove(() => {
    if (current && !primary.isCurrent(current.client)) current.lose();
  });
  return {
    close() {
      closed = true;
      clearTimeout(retry);
      current?.lose();
    },
  };
}
