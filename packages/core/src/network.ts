import { hextets, parseAddress } from './address.ts';

/** A range of addresses: CIDR notation (RFC 4632, RFC 4291 section 2.3). */
export interface Network {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly prefixLength: number;
}

/** The network as text, or undefined when it is none. A bare address is the network of itself; host bits must be zero. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const value = addressBits(address);
  if (!value || rest.length > 0 || (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length))) return undefined;
  const width = value.family === 4 ? 32 : 128;
  const prefixLength = length === undefined ? width : Number(length);
  if (prefixLength > width) return undefined;
  const hostBits = BigInt(width - prefixLength);
  return (value.bits >> hostBits) << hostBits === value.bits ? { ...value, prefixLength } : undefined;
}

/** Whether the address lies in one of the networks. An address that cannot be read lies in none. */
export function isInNetworks(address: string, networks: readonly Network[]): boolean {
  const value = addressBits(address);
  return (
    value !== undefined &&
    networks.some((network) => contains(network, { ...value, prefixLength: value.family === 4 ? 32 : 128 }))
  );
}

/** Whether every address of the inner network lies in the outer one. */
export function contains(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.prefixLength > inner.prefixLength) return false;
  const shift = BigInt((outer.family === 4 ? 32 : 128) - outer.prefixLength);
  return outer.bits >> shift === inner.bits >> shift;
}

function addressBits(text: string): Pick<Network, 'family' | 'bits'> | undefined {
  if (text.includes('%')) return undefined;
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  if (!address.includes(':')) {
    return { family: 4, bits: address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) };
  }
  const groups = hextets(address);
  return groups && { family: 6, bits: groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n) };
}
