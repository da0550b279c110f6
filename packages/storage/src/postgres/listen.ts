import { Client } from 'pg';
import { connectionConfig } from './connection.ts';

/** Notified by whoever commits a change. */
export const CHANNEL = 'postern_change';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

export interface Listener {
  close(): Promise<void>;
}

/** Calls back when another process says that it has committed. A hint: while the connection is down nothing is called. */
export function listen(url: string, onNotification: () => void): Listener {
  let client: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let pauseMs = FIRST_RETRY_MS;
  let closed = false;

  function connect(): void {
    const connecting = new Client(connectionConfig(url));
    client = connecting;
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      void connecting.end().catch(() => undefined);
      if (closed) return;
      retry = setTimeout(connect, pauseMs).unref();
      pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
    };
    connecting.on('error', lose);
    connecting.on('end', lose);
    connecting.on('notification', onNotification);
    connecting
      .connect()
      .then(() => connecting.query(`listen ${CHANNEL}`))
      .then(() => {
        pauseMs = FIRST_RETRY_MS;
        // What was said while nobody listened.
        onNotification();
      })
      .catch(lose);
  }

  connect();
  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
