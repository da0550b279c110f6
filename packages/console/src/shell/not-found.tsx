import { Link } from '@tanstack/react-router';
import { Page } from './page.tsx';

export function NotFoundPage() {
  return (
    <Page title="There is no such page">
      <p>
        The address may be mistyped, or what it showed is gone. <Link to="/">Go to the overview</Link>
      </p>
    </Page>
  );
}
