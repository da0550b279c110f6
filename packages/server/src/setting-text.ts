import { BlockList, isIP } from 'node:net';

/** What the text of a setting becomes; undefined when it is not what is expected. */

export function attempt<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

export function parseShort(text: string): string | undefined {
  return text.length <= 200 ? text : undefined;
}

export function parseWhole(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

/** Headers that say something else already, or that proxies write. */
const TAKEN_HEADERS =
  /^(?:authorization|cookie|host|connection|content-.*|proxy-.*|transfer-encoding|x-forwarded-.*|x-postern-.*)$/;

export function parseHeaderName(text: string): string | undefined {
  const name = text.toLowerCase();
  return /^[a-z][a-z0-9-]{0,63}$/.test(name) && !TAKEN_HEADERS.test(name) ? name : undefined;
}

export function parseOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  const bare =
    url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return bare ? url.origin : undefined;
}

export function parseNetworks(text: string): BlockList | undefined {
  const list = new BlockList();
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    if (family === 0 || rest.length > 0) return undefined;
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : parseWhole(prefix, 0, family === 4 ? 32 : 128);
    if (bits === undefined) return undefined;
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return entries.length > 0 ? list : undefined;
}
