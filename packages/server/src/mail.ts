/** Mail, which tells people of what has been done already: nothing is undone because a mail could not be sent. */

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** Whether the mail server took it. What was not taken in time counts as failed, though it may still arrive. */
export type Delivery = 'sent' | 'failed';

/** Answers within ten seconds, and never rejects. */
export type SendMail = (mail: Mail) => Promise<Delivery>;

export interface MailOptions {
  /** `smtp://` (with STARTTLS where the server offers it) or `smtps://`, with user and password if it asks for them. */
  readonly url: string;
  /** The address that mails come from, with a name before it or without. */
  readonly from: string;
  readonly log: (reason: string) => void;
  /** How long one mail may take until the answer. */
  readonly limitMs?: number;
}

const MAIL_LIMIT_MS = 10_000;
const CONNECTIONS = 5;

/** Sends through this mail server; nobody connects before the first mail. */
export function createMail({ url, from, log, limitMs = MAIL_LIMIT_MS }: MailOptions): {
  readonly send: SendMail;
  readonly close: () => void;
} {
  const transport = loadTransport(url);

  async function send({ to, subject, text }: Mail): Promise<Delivery> {
    try {
      const { sendMail } = await transport.open();
      await withinLimit(sendMail({ from, to, subject, text }), limitMs);
      return 'sent';
    } catch (error) {
      log(reasonOf(error));
      return 'failed';
    }
  }

  return { send, close: transport.close };
}

/** The library is loaded when it is first needed. */
function loadTransport(url: string) {
  let opening: ReturnType<typeof openTransport> | undefined;
  return {
    open() {
      opening ??= openTransport(url);
      return opening;
    },
    close() {
      void opening?.then(({ close }) => close());
    },
  };
}

async function openTransport(url: string) {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    pool: true,
    url,
    maxConnections: CONNECTIONS,
    connectionTimeout: MAIL_LIMIT_MS,
    greetingTimeout: MAIL_LIMIT_MS,
    socketTimeout: MAIL_LIMIT_MS,
    dnsTimeout: MAIL_LIMIT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    sendMail: (mail: Mail & { readonly from: string }): Promise<unknown> => transport.sendMail({ ...mail }),
    close: () => transport.close(),
  };
}

async function withinLimit(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('not taken in time')), limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** For the log: what went wrong, without what the mail server said, which may repeat an address or a password. */
function reasonOf(error: unknown): string {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  return [code ?? 'ETIMEDOUT', responseCode].filter((part) => part !== undefined).join(' ');
}
