import { Button } from '@mantine/core';
import type { Pages } from './pages.ts';

/** *Load 50 more*, and how many are shown, said aloud. */
export function LoadMore({ pages, size = 50 }: { readonly pages: Pages<unknown>; readonly size?: number }) {
  const shown = pages.items?.length ?? 0;
  if (!pages.hasMore && shown <= size) return null;
  return (
    <div className="row" style={{ paddingTop: 12 }}>
      {pages.hasMore && (
        <Button onClick={pages.loadMore} aria-disabled={pages.loadingMore || undefined}>
          {pages.loadingMore ? 'Loading…' : `Load ${size} more`}
        </Button>
      )}
      <span role="status" className="meta">
        {`${shown} shown`}
      </span>
    </div>
  );
}
