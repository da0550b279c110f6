/** What a client may ask of a server, as libpq has it; ours is always the one that takes writes. */
const WRITABLE = new Set(['read-write', 'primary']);

/**
 * The addresses of the servers that one address names: `postgres://user:password@one:5432,two:5432/database` is two, as in
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS. Undefined when it is no address of
 * PostgreSQL, or asks for a server that may not be written to.
 */
export function parseDatabaseUrl(text: string): readonly string[] | undefined {
  const parts = /^(postgres(?:ql)?:\/\/)([^/?#]*)(.*)$/s.exec(text);
  if (!parts) return undefined;
  const [, scheme = '', authority = '', rest = ''] = parts;
  const hostsAt = authority.lastIndexOf('@') + 1;
  const login = authority.slice(0, hostsAt);
  const hosts = authority.slice(hostsAt).split(',');
  const urls = hosts.map((host) => `${scheme}${login}${host}${rest}`);
  if (!urls.every((url) => URL.canParse(url)) || (hosts.length > 1 && hosts.includes(''))) return undefined;
  const wanted = new URL(urls[0] ?? '').searchParams.get('target_session_attrs');
  return wanted === null || WRITABLE.has(wanted) ? urls : undefined;
}
