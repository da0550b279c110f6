/** Network addresses as text, the way usage and refusals record them. */

/** Without leading zeros, which some read as octal numbers (RFC 6943 section 3.1.1). */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const HEXTET = /^[0-9a-f]{1,4}$/i;

/** The address without zone, an IPv4-mapped IPv6 address as IPv4 (RFC 4291 section 2.5.5.2); undefined when it is none. */
export function parseAddress(text: string): string | undefined {
  const bare = text.replace(/%.*$/, '');
  const mapped = MAPPED_IPV4.exec(bare)?.[1];
  if (mapped !== undefined) return IPV4.test(mapped) ? mapped : undefined;
  if (IPV4.test(bare)) return bare;
  return hextets(bare) ? bare.toLowerCase() : undefined;
}

/** The /24 (IPv4) or /48 (IPv6) that a parsed address lies in; the text itself when it is no address. */
export function networkOf(address: string): string {
  return prefix(address, 3, '0/24');
}

/** What failures are throttled by: an IPv4 address, or the /64 of an IPv6 address. */
export function throttleUnit(address: string): string {
  return IPV4.test(address) ? address : prefix(address, 4, '0/24');
}

function prefix(address: string, ipv6Groups: number, ipv4Suffix: string): string {
  if (IPV4.test(address)) return `${address.slice(0, address.lastIndexOf('.'))}.${ipv4Suffix}`;
  const groups = hextets(address);
  return groups ? `${groups.slice(0, ipv6Groups).join(':')}::/${16 * ipv6Groups}` : address;
}

/** The eight groups of an IPv6 address (RFC 4291 section 2.2), without leading zeros; undefined when it is none. */
export function hextets(text: string): string[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || text.length > 45 || /\..*:/.test(text)) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':').flatMap(splitDotted))) as [
    string[],
    string[]?,
  ];
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: tail ? missing : 0 }, () => '0'), ...(tail ?? [])];
  return groups.every((group) => HEXTET.test(group))
    ? groups.map((group) => Number.parseInt(group, 16).toString(16))
    : undefined;
}

/** A dotted quad at the end of an IPv6 address counts as two groups. */
function splitDotted(group: string): string[] {
  if (!IPV4.test(group)) return [group];
  const [a, b, c, d] = group.split('.').map(Number) as [number, number, number, number];
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
}
