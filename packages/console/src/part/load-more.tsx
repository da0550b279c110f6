import { Button } from '@mantine/core';
import { PAGE_ROWS, type Pages } from './pages.ts';

/** *Load 50 more*, and how many are shown, said aloud. */
export function LoadMore({ pages }: { readonly pages: Pages<unknown> }) {
  const shown = pages.items?.length ?? 0;
  if (!pages.hasMore && shown <= PAGE_ROWS) return null;
  return (
    <div className="row" style={{ paddingTop: 12 }}>
      {pages.hasMore && (
        <Button onClick={() => pages.loadMore(PAGE_ROWS)} aria-disabled={pages.loadingMore || undefined}>
          {pages.loadingMore ? 'Loading…' : `Load ${PAGE_ROWS} more`}
        </Button>
      )}
      <span role="status" className="meta">
        {`${shown} shown`}
      </span>
    </div>
  );
}
