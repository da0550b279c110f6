/** Which version of a resource an answer held (its ETag, RFC 9110 section 8.8.3), kept beside the answer, not in it. */
const VERSIONS = new WeakMap<object, string>();

export function rememberVersion(body: unknown, etag: string | null): void {
  if (typeof body === 'object' && body !== null && etag !== null) VERSIONS.set(body, etag);
}

/** The version of a resource that this client was answered; undefined of a copy, or of an item of a list. */
export function versionOf(resource: object): string | undefined {
  return VERSIONS.get(resource);
}
