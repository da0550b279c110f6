/** Without leading zeros, which some read as octal numbers (RFC 6943 section 3.1.1). */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const HEXTET = /^[0-9a-f]{1,4}$/i;
const ADDRESS_MAX_LENGTH = 64;

/** Whether Postern takes the text for a network address: IPv4, or IPv6 (RFC 4291 section 2.2), which may have a zone. */
export function isAddress(text: string): boolean {
  if (text.length > ADDRESS_MAX_LENGTH) return false;
  const bare = text.replace(/%.*$/, '');
  return IPV4.test(bare) || isIpv6(bare);
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || text.length > 45) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  // An IPv4 address at the end counts as two groups.
  const all = groups.flat();
  const dotted = IPV4.test(all.at(-1) ?? '') ? 1 : 0;
  if (dotted && text.endsWith('::')) return false;
  const count = all.length + dotted;
  if (halves.length === 2 ? count > 7 : count !== 8) return false;
  return all.slice(0, all.length - dotted).every((group) => HEXTET.test(group));
}
