import { useRef } from 'react';

/**
 * One idempotency key for what a form says: sent again after an answer that was lost, the same thing is done once, and
 * answered again. Saying something else is another attempt.
 */
export function useAttemptKey(): (input: unknown) => string {
  const attempt = useRef<{ readonly said: string; readonly key: string }>(null);
  return (input) => {
    const said = JSON.stringify(input);
    if (attempt.current?.said !== said) attempt.current = { said, key: randomKey() };
    return attempt.current.key;
  };
}

function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
