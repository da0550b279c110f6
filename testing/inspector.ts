/** Node's inspector of another process, as far as it is needed here: to run a line of code inside one of its threads, and to collect their garbage. */

interface Message {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly method?: string;
  readonly params?: {
    readonly sessionId?: string;
    readonly workerInfo?: { readonly title: string; readonly url: string };
    readonly message?: string;
  };
}

export interface Inspector {
  /** Runs the code in the main thread, and resolves with its value. */
  evaluate(expression: string): Promise<unknown>;
  /** How many worker threads run the file whose path ends so. */
  countWorkers(path: string): number;
  /** Runs the code in each of them, in the order they were started; does not wait for it. */
  evaluateInWorkers(path: string, expression: string): void;
  /** In every thread; resolves when all have. */
  collectGarbage(): Promise<void>;
  close(): void;
}

/** The address in what a process printed that was started with `--inspect`. */
export function inspectorAddress(stderr: string): string {
  const address = /ws:\/\/\S+/.exec(stderr)?.[0];
  if (address === undefined) throw new Error(`no inspector is listening:\n${stderr}`);
  return address;
}

/** The address of a process that was started with `--inspect=127.0.0.1:<port>`. */
export async function inspectorAddressOn(port: number): Promise<string> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  return inspectorAddress(targets.map(({ webSocketDebuggerUrl }) => webSocketDebuggerUrl).join('\n'));
}

export async function attachInspector(address: string): Promise<Inspector> {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`${address} does not answer`)), { once: true });
  });
  const workers = new Map<string, string>();
  const waiting = new Map<number, (value: unknown) => void>();
  let lastId = 0;

  function post(method: string, params: object): number {
    const message = toMessage(method, params);
    socket.send(message.text);
    return message.id;
  }

  function postTo(sessionId: string, method: string, params: object): number {
    const message = toMessage(method, params);
    post('NodeWorker.sendMessageToWorker', { sessionId, message: message.text });
    return message.id;
  }

  function toMessage(method: string, params: object) {
    lastId += 1;
    return { id: lastId, text: JSON.stringify({ id: lastId, method, params }) };
  }

  function answered(id: number): Promise<unknown> {
    return new Promise((resolve) => {
      waiting.set(id, resolve);
    });
  }

  function receive({ id = 0, result, method, params = {} }: Message): void {
    waiting.get(id)?.(result?.result?.value);
    waiting.delete(id);
    const { sessionId = '', workerInfo, message } = params;
    if (method === 'NodeWorker.attachedToWorker' && workerInfo) workers.set(sessionId, workerInfo.url);
    if (method === 'NodeWorker.detachedFromWorker') workers.delete(sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker' && message) receive(JSON.parse(message) as Message);
  }

  socket.addEventListener('message', ({ data }) => receive(JSON.parse(String(data)) as Message));
  post('NodeWorker.enable', { waitForDebuggerOnStart: false });

  const sessions = (path: string) => [...workers].filter(([, url]) => url.endsWith(path)).map(([session]) => session);
  return {
    evaluate: (expression) => answered(post('Runtime.evaluate', { expression, returnByValue: true })),
    countWorkers: (path) => sessions(path).length,
    evaluateInWorkers(path, expression) {
      for (const sessionId of sessions(path)) postTo(sessionId, 'Runtime.evaluate', { expression });
    },
    async collectGarbage() {
      const method = 'HeapProfiler.collectGarbage';
      const asked = [post(method, {}), ...sessions('').map((sessionId) => postTo(sessionId, method, {}))];
      await Promise.all(asked.map(answered));
    },
    close: () => socket.close(),
  };
}
