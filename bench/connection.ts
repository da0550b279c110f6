import { connect } from 'node:net';

/** A kept connection that has one request under way at a time, and costs next to nothing itself. */
export interface Connection {
  /** `onAnswer` hears the status of the whole answer; 0 when the connection broke. */
  send(request: string, onAnswer: (status: number) => void): void;
  close(): void;
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /content-length: *(\d+)/i;
const ANSWER_MAX_BYTES = 16_384;

export function openConnection(host: string, port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    // Read into buffers of its own, without events and text: a client that costs as much as the server measures itself.
    const chunk = Buffer.alloc(ANSWER_MAX_BYTES);
    const answer = Buffer.alloc(ANSWER_MAX_BYTES);
    let received = 0;
    let expected = 0;
    let waiting: ((status: number) => void) | undefined;

    function settle(status: number): void {
      const onAnswer = waiting;
      waiting = undefined;
      received = 0;
      expected = 0;
      onAnswer?.(status);
    }

    function read(bytes: number): boolean {
      if (received + bytes > ANSWER_MAX_BYTES) {
        socket.destroy(new Error(`an answer of more than ${ANSWER_MAX_BYTES} bytes`));
        return false;
      }
      received += chunk.copy(answer, received, 0, bytes);
      if (expected === 0) {
        const head = answer.indexOf(HEAD_END);
        // What lies behind the bytes received is of an earlier answer.
        if (head < 0 || head + HEAD_END.length > received) return true;
        expected = head + HEAD_END.length + Number(LENGTH.exec(answer.toString('latin1', 0, head))?.[1] ?? 0);
      }
      if (received >= expected) settle(Number(answer.toString('latin1', 9, 12)));
      return true;
    }

    const socket = connect({ host, port, noDelay: true, onread: { buffer: chunk, callback: read } });
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
