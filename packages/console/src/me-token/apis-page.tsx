import { Copy } from '../part/copy.tsx';
import { Page, Section } from '../shell/page.tsx';
import { OWN_TOKENS } from '../token/resource.ts';
import { TokensSection } from '../token/tokens-section.tsx';

/** One's own tokens: the same parts as of a service account. */
export function ApisPage() {
  return (
    <Page
      title="APIs"
      lead="Tokens of your own act as you, with your access, and end when you leave. What runs by itself should have a service account."
    >
      <TokensSection resource={OWN_TOKENS} />
      <Section label="Address" hint="Where programs call">
        <span className="row">
          <code>{location.origin}</code>
          <Copy text={location.origin} label="Copy the address" />
        </span>
      </Section>
    </Page>
  );
}
