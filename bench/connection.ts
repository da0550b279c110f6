import { connect } from 'node:net';

/** A kept connection that has one request under way at a time, and costs next to nothing itself. */
export interface Connection {
  /** `onAnswer` hears the status of the whole answer; 0 when the connection broke. */
  send(request: string, onAnswer: (status: number) => void): void;
  close(): void;
}

const HEAD_END = '\r\n\r\n';

export function openConnection(host: string, port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let received = '';
    let waiting: ((status: number) => void) | undefined;

    function settle(status: number): void {
      const onAnswer = waiting;
      waiting = undefined;
      received = '';
      onAnswer?.(status);
    }

    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += chunk;
      const head = received.indexOf(HEAD_END);
      if (head < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(received.slice(0, head))?.[1] ?? 0);
      if (received.length >= head + HEAD_END.length + length) settle(Number(received.slice(9, 12)));
    });
    socket.once('error', (error) => {
      reject(error);
      settle(0);
    });
    socket.once('close', () => settle(0));
    socket.once('connect', () =>
      resolve({
        send(request, onAnswer) {
          waiting = onAnswer;
          socket.write(request, 'latin1');
        },
        close: () => void socket.destroy(),
      }),
    );
  });
}
