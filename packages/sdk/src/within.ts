/**
 * What is promised, unless it takes longer than so many milliseconds, and then what `late` gives is thrown, or the signal is aborted
 * first, and then its reason is. What was promised goes on.
 */
export async function within<Value>(
  promise: Promise<Value>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  late: () => unknown,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    abort = () => reject(signal?.reason);
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort);
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    return await Promise.race([limit, promise]);
  } finally {
    clearTimeout(timer);
    if (abort) signal?.removeEventListener('abort', abort);
  }
}
