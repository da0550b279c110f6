import { Client } from 'pg';

/** What the database has about the tokens that findings name: how they are now, and every event about them and their accounts. */
export async function readEvidence(databaseUrl: string, findings: readonly string[]): Promise<readonly string[]> {
  const tokenIds = [...new Set(findings.flatMap((finding) => finding.match(/\btok_[0-9a-z]{26}\b/g) ?? []))];
  if (tokenIds.length === 0) return [];
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tokens } = await client.query(
      `select token.id, token.account_id, token.created_at, token.deleted_at, token.version, principal.status
       from token join principal on principal.id = token.account_id where token.id = any($1)`,
      [tokenIds],
    );
    const { rows: digests } = await client.query(
      'select token_id, generation, state, valid_until, created_at, retired_at from token_digest where token_id = any($1)',
      [tokenIds],
    );
    const { rows: events } = await client.query(
      `select at, action, outcome, code, target_id, request_id, details from audit_event
       where target_id = any($1) or details::text like any($2) order by at, id`,
      [[...tokenIds, ...tokens.map(({ account_id }) => account_id)], tokens.map(({ account_id }) => `%${account_id}%`)],
    );
    return [...tokens, ...digests, ...events].map((row) => JSON.stringify(row));
  } finally {
    await client.end();
  }
}
