import { useState } from 'react';

/**
 * What stands behind the # of a link: it reaches no server and no log. It is taken out of the address at once, so that it is
 * not in the history either.
 */
export function useLinkCode(): string {
  const [code] = useState(() => {
    const found = location.hash.slice(1);
    if (found !== '') history.replaceState(history.state, '', location.pathname + location.search);
    return found;
  });
  return code;
}
