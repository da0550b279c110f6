import { useQuery } from '@tanstack/react-query';
import { Copy } from '../part/copy.tsx';
import { Page, Section } from '../shell/page.tsx';
import { ownPolicyQuery } from '../token/limits.ts';
import { OWN_TOKENS } from '../token/resource.ts';
import { TokensSection } from '../token/tokens-section.tsx';

/** One's own tokens: the same parts as of a service account. */
export function ApisPage() {
  const policy = useQuery(ownPolicyQuery);
  const reason =
    policy.data?.mayHaveTokens === false
      ? 'The token policy of your organization does not let you have tokens.'
      : undefined;
  return (
    <Page
      title="APIs"
      lead="Tokens of your own act as you, with your access, and end when you leave. What runs by itself should have a service account."
    >
      <TokensSection resource={OWN_TOKENS} reason={reason} />
      <Section label="Address" hint="Where programs call">
        <span className="row">
          <code>{location.origin}</code>
          <Copy text={location.origin} label="Copy the address" />
        </span>
      </Section>
    </Page>
  );
}
