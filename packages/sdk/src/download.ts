import { ConnectionError } from './error.ts';
import { within } from './within.ts';

/** The chunks of an answer that is read while it comes. */
export interface Download extends AsyncIterable<Uint8Array> {}

/**
 * What comes, chunk by chunk. Throws `ConnectionError` where it ends before its end, or where nothing comes for so long; what
 * came until then is not the whole. Throws the signal's reason when that ends it.
 */
export async function* readDownload(
  body: ReadableStream<Uint8Array>,
  { url, timeoutMs, signal }: { url: string; timeoutMs: number; signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  const cancel = (): Promise<void> => reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await within(reader.read(), { timeoutMs, signal: undefined }, () => STALLED);
      // What is cancelled looks as if it had come to its end.
      signal?.throwIfAborted();
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    const stalled = error === STALLED;
    throw new ConnectionError({
      code: stalled ? 'client.timeout' : 'client.connection',
      status: null,
      title: stalled
        ? `Postern at ${url} sent nothing more for ${timeoutMs} ms.`
        : `Postern at ${url} ended its answer before the end.`,
    });
  } finally {
    signal?.removeEventListener('abort', cancel);
    await cancel();
  }
}

const STALLED = Symbol('stalled');
