/** Node's inspector of another process, as far as the tests need it: to run a line of code inside one of its threads. */

interface Message {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly method?: string;
  readonly params?: {
    readonly sessionId?: string;
    readonly workerInfo?: { readonly title: string; readonly url: string };
  };
}

export interface Inspector {
  /** Runs the code in the main thread, and resolves with its value. */
  evaluate(expression: string): Promise<unknown>;
  /** How many worker threads run the file whose path ends so. */
  countWorkers(path: string): number;
  /** Runs the code in each of them, in the order they were started; does not wait for it. */
  evaluateInWorkers(path: string, expression: string): void;
  close(): void;
}

/** Attaches to the process that printed this; it must have been started with `--inspect=127.0.0.1:0`. */
export async function attachInspector(stderr: () => string): Promise<Inspector> {
  const address = /ws:\/\/\S+/.exec(stderr())?.[0];
  if (address === undefined) throw new Error(`no inspector is listening:\n${stderr()}`);
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`${address} does not answer`)), { once: true });
  });
  const workers = new Map<string, string>();
  const waiting = new Map<number, (value: unknown) => void>();
  let lastId = 0;

  function post(method: string, params: object): number {
    lastId += 1;
    socket.send(JSON.stringify({ id: lastId, method, params }));
    return lastId;
  }

  socket.addEventListener('message', ({ data }) => {
    const { id = 0, result, method, params = {} } = JSON.parse(String(data)) as Message;
    waiting.get(id)?.(result?.result?.value);
    waiting.delete(id);
    const { sessionId = '', workerInfo } = params;
    if (method === 'NodeWorker.attachedToWorker' && workerInfo) workers.set(sessionId, workerInfo.url);
    if (method === 'NodeWorker.detachedFromWorker') workers.delete(sessionId);
  });
  post('NodeWorker.enable', { waitForDebuggerOnStart: false });

  const sessions = (path: string) => [...workers].filter(([, url]) => url.endsWith(path)).map(([session]) => session);
  return {
    evaluate: (expression) =>
      new Promise((resolve) => {
        waiting.set(post('Runtime.evaluate', { expression, returnByValue: true }), resolve);
      }),
    countWorkers: (path) => sessions(path).length,
    evaluateInWorkers(path, expression) {
      for (const sessionId of sessions(path)) {
        const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
        post('NodeWorker.sendMessageToWorker', { sessionId, message });
      }
    },
    close: () => socket.close(),
  };
}
