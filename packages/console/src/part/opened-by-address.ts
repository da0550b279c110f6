import { useEffect, useEffectEvent } from 'react';

/**
 * An address can ask for a dialog. Once that is open it is taken out of the address, so that the same can be asked again,
 * and a reload does not ask by itself.
 */
export function useOpenedByAddress(asked: boolean, open: () => void, takeOut: () => void): void {
  const answer = useEffectEvent(() => {
    open();
    takeOut();
  });
  useEffect(() => {
    if (asked) answer();
  }, [asked]);
}
