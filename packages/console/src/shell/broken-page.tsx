import { Button } from '@mantine/core';
import { Page } from './page.tsx';

/** What stands where a page failed by itself: its code did not arrive, or has a mistake in it. */
export function BrokenPage({ error }: { readonly error: unknown }) {
  return (
    <Page title="This page does not work">
      <div className="stack" role="alert">
        <p>
          Something went wrong in the page itself; nothing was changed on the server. After an update of the server its
          older pages can be gone: reloading fetches the new ones.
        </p>
        {error instanceof Error && <p className="meta">{error.message}</p>}
        <div>
          <Button variant="filled" onClick={() => location.reload()}>
            Reload
          </Button>
        </div>
      </div>
    </Page>
  );
}
