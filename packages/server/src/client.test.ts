import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { createClientAddress, readUserAgent } from './client.ts';

const proxies = new BlockList();
proxies.addSubnet('10.0.0.0', 8, 'ipv4');
proxies.addAddress('2001:db8::1', 'ipv6');

function request(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded, forwarded: 'for=1.1.1.1' };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['fe80::1%eth0', 'fe80::1'],
  [undefined, ''],
])('without proxies, the connection is where %s comes from, whatever it forwards', (peer, expected) => {
  expect(createClientAddress(undefined)(request(peer, '203.0.113.9'))).toBe(expected);
});

test.each([
  ['nobody forwards', '10.0.0.1', undefined, '10.0.0.1'],
  ['one hop', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['hops that the caller made up', '10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
  ['two proxies', '10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['a mapped proxy', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a mapped hop', '10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['an IPv6 proxy', '2001:db8::1', '2001:db8::77', '2001:db8::77'],
  ['a hop with a port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['an IPv6 hop with a port', '10.0.0.1', '[2001:db8::77]:4711', '2001:db8::77'],
  ['only proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['a hop that is no address', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
  ['a peer that is no proxy', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
])('behind proxies: %s', (_, peer, forwarded, expected) => {
  expect(createClientAddress(proxies)(request(peer, forwarded))).toBe(expected);
});

test('a token in what a client says of itself is not passed on', () => {
  const value = mintTokenValue(randomBytes).reveal();
  expect(readUserAgent(undefined)).toBe('');
  expect(readUserAgent('curl/8 pst_')).toBe('curl/8 pst_');
  expect(readUserAgent(`job/${value} and ${value}`)).toBe('job/pst_[redacted] and pst_[redacted]');
});
