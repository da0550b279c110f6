import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type BlockList, isIPv6 } from 'node:net';
import { parseAddress, REDACTED, TOKEN_PATTERN, TOKEN_PREFIX } from '@postern/core';

/** What called, in its own words, which are shown to people: a token in them is not passed on. */
export function readUserAgent(told: string | undefined): string {
  // No database keeps NUL in text, nor half of a surrogate pair.
  const text = (told ?? '').toWellFormed().replaceAll('\0', '\ufffd');
  if (!text.includes(TOKEN_PREFIX)) return text;
  return text.replaceAll(new RegExp(TOKEN_PATTERN, 'g'), TOKEN_PREFIX + REDACTED);
}

/** Where a request came from, as text; empty where a connection has no address. */
export type ClientAddress = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string;

/**
 * The connection's address or, behind trusted proxies, the right-most hop of X-Forwarded-For that is none of them. Hops
 * further left were written by whoever called; `Forwarded` is not read at all.
 */
export function createClientAddress(trusted: BlockList | undefined): ClientAddress {
  // A connection carries many requests and never changes its address.
  const peers = new WeakMap<Socket, string>();

  function peerOf(socket: Socket): string {
    let peer = peers.get(socket);
    if (peer === undefined) {
      peer = parseAddress(socket.remoteAddress ?? '') ?? '';
      peers.set(socket, peer);
    }
    return peer;
  }

  if (!trusted) return (request) => peerOf(request.socket);
  return (request) => nearestUntrusted(peerOf(request.socket), request.headers['x-forwarded-for'], trusted);
}

function nearestUntrusted(peer: string, forwarded: string | string[] | undefined, trusted: BlockList): string {
  const hops = forwarded === undefined ? [] : String(forwarded).split(',');
  let address = peer;
  while (isTrusted(address, trusted)) {
    const hop = parseHop(hops.pop()?.trim() ?? '');
    // What is no address was not written by a proxy that we trust: the proxy itself is the last one known.
    if (hop === undefined) break;
    address = hop;
  }
  return address;
}

/** An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`. */
function parseHop(text: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return parseAddress(bare);
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return address !== '' && trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
