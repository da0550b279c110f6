import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail server that keeps what it takes. */

export interface MailServer {
  readonly url: string;
  /** Whole messages as they came, the newest last. */
  readonly messages: string[];
  /** The newest message for this address, once it has come. */
  next(to: string): Promise<string>;
  close(): Promise<void>;
}

const USER = { user: 'postern', pass: 'pass word/1' };

/** `refuse`: recipients whose mail is not taken. */
export async function startMailServer(refuse: readonly string[] = []): Promise<MailServer> {
  const messages: string[] = [];
  const waiting: { readonly to: string; readonly take: (message: string) => void }[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === USER.user && password === USER.pass ? done(null, { user: USER.user }) : done(new Error('no')),
    onRcptTo: ({ address }, _session, done) => done(refuse.includes(address) ? new Error('unknown here') : null),
    onData(stream, _session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const message = Buffer.concat(parts).toString('utf8');
        messages.push(message);
        for (const each of waiting) if (isTo(message, each.to)) each.take(message);
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://${USER.user}:${encodeURIComponent(USER.pass)}@127.0.0.1:${port}`,
    messages,
    next: (to) =>
      new Promise((take) => {
        const found = messages.findLast((message) => isTo(message, to));
        if (found) take(found);
        else waiting.push({ to, take });
      }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function isTo(message: string, to: string): boolean {
  return message.includes(`To: ${to}\r\n`);
}

/** The link that stands alone on a line, unfolded from quoted-printable. */
export function linkIn(message: string): string {
  const text = message.replaceAll('=\r\n', '').replaceAll('=3D', '=');
  return /^https:\S+$/m.exec(text)?.[0] ?? '';
}
