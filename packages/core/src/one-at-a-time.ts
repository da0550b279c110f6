/**
 * Runs one at a time: a call while one is under way gets the next one, which starts after that call and which all who call
 * meanwhile share. So each caller's run begins after the call, however many there are.
 */
export function oneAtATime<Value>(run: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  let following: Promise<Value> | undefined;

  function call(): Promise<Value> {
    if (!running) {
      running = run().finally(() => {
        running = undefined;
      });
      return running;
    }
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = undefined;
        return call();
      });
    return following;
  }

  return call;
}
