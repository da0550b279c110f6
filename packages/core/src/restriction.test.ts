import { describe, expect, test } from 'vitest';
import { DomainError } from './error.ts';
import type { WorkspaceId } from './id.ts';
import { isInNetworks, type Network, parseNetwork } from './network.ts';
import { isWithin, type Restrictions, requireNetworks } from './restriction.ts';

describe('a network', () => {
  test.each([
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['9.255.255.255', '11.0.0.0', '::a00:1']],
    ['10.2.3.4', ['10.2.3.4'], ['10.2.3.5']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1']],
    ['2001:db8::/32', ['2001:db8::', '2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff'], ['2001:db9::', '10.0.0.1']],
    ['2001:db8::1', ['2001:db8:0:0:0:0:0:1', '2001:db8::0.0.0.1'], ['2001:db8::2']],
    ['::/0', ['::1', 'ffff::'], ['10.0.0.1']],
    ['10.2.3.128/25', ['10.2.3.128', '10.2.3.255'], ['10.2.3.127', '10.2.4.128']],
  ])('%s', (text, inside, outside) => {
    const network = parseNetwork(text) as Network;
    for (const address of inside) expect([address, isInNetworks(address, [network])]).toEqual([address, true]);
    for (const address of [...outside, '', 'localhost', '10.2.3'])
      expect([address, isInNetworks(address, [network])]).toEqual([address, false]);
  });

  test.each([
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.1/8',
    '2001:db8::1/32',
    '2001:db8::/129',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    'a',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
    expect(() => requireNetworks([text], '/networks')).toThrow(DomainError);
  });
});

describe('restrictions are within others', () => {
  const ws = (name: string) => name as WorkspaceId;
  test.each<[string, Restrictions | null, Restrictions | null, boolean]>([
    ['anything within none', { permissions: ['a.b'] }, null, true],
    ['none within none', null, null, true],
    ['none within some', null, { permissions: ['a.b'] }, false],
    ['fewer permissions', { permissions: ['a.b'] }, { permissions: ['a.b', 'c.d'] }, true],
    ['more permissions', { permissions: ['a.b', 'c.d'] }, { permissions: ['a.b'] }, false],
    ['no permission at all', { permissions: [] }, { permissions: ['a.b'] }, true],
    ['another respect only', { workspaces: [ws('ws_1')] }, { permissions: ['a.b'] }, false],
    ['fewer workspaces', { workspaces: [ws('ws_1')] }, { workspaces: [ws('ws_1'), ws('ws_2')] }, true],
    ['other workspaces', { workspaces: [ws('ws_3')] }, { workspaces: [ws('ws_1')] }, false],
    ['a smaller network', { networks: ['10.2.3.0/24'] }, { networks: ['10.0.0.0/8'] }, true],
    ['a larger network', { networks: ['10.0.0.0/8'] }, { networks: ['10.2.3.0/24'] }, false],
    ['an address of a network', { networks: ['2001:db8::7'] }, { networks: ['10.0.0.0/8', '2001:db8::/32'] }, true],
    ['a network of another family', { networks: ['::/0'] }, { networks: ['0.0.0.0/0'] }, false],
  ])('%s', (_, inner, outer, within) => {
    expect(isWithin(inner, outer)).toBe(within);
  });
});
