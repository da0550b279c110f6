/** Which version of a resource an answer held (its ETag, RFC 9110 section 8.8.3), kept beside the answer, not in it. */
const VERSIONS = new WeakMap<object, string>();

export function rememberVersion(body: unknown, etag: string | null): void {
  if (typeof body === 'object' && body !== null && etag !== null) VERSIONS.set(body, etag);
}

/** The version that was answered with the whole is that of this part of it. */
export function passVersion(whole: object, part: object): void {
  const version = VERSIONS.get(whole);
  if (version !== undefined) VERSIONS.set(part, version);
}

/**
 * The version of a resource that this client was answered. Throws a TypeError of anything else: a change that was to be made
 * under a condition must not be made without one.
 */
export function versionOf(resource: object): string {
  const version = VERSIONS.get(resource);
  if (version !== undefined) return version;
  throw new TypeError(
    'ifMatch is not what a call answered: an item of a list, or a copy, has no version. Get it by its id.',
  );
}
