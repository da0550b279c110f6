import { expect, onTestFinished, test } from 'vitest';
import {
  createPosternData,
  type Postern,
  removePosternData,
  startPosternOn,
} from '../../../testing/postern-process.ts';
import {
  accountPath,
  type Client,
  call,
  callExpecting,
  createAccount,
  createToken,
  type IssuedToken,
  tokenPath,
} from './api.ts';
import { createDatabase } from './postern.ts';

const CALLS = 90;
const REPORTS = 12;

interface Usage {
  readonly items: readonly { readonly generation: number; readonly outcome: string; readonly calls: number }[];
}

/** Calls by generation and outcome, however many hours they are spread over. */
function sums({ items }: Usage): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { generation, outcome, calls } of items) {
    const name = `${generation} ${outcome}`;
    totals[name] = (totals[name] ?? 0) + calls;
  }
  return totals;
}

test('counts of two nodes and of verifiers outside add up exactly, once all have gone down in good order', {
  timeout: 120_000,
}, async () => {
  const database = await createDatabase();
  const data = await createPosternData(database.url);
  const running = new Set<Postern>();
  onTestFinished(async () => {
    await Promise.all([...running].map((each) => each.kill()));
    await removePosternData(data);
    await database.drop();
  });
  const start = async (): Promise<Client & { readonly node: Postern }> => {
    const node = await startPosternOn(data, { env: { POSTERN_LOG_LEVEL: 'error' } });
    running.add(node);
    return { url: node.url, token: data.adminToken, node };
  };
  const first = await start();
  const second = await start();
  const nodes = [first, second];

  const account = await createAccount(first);
  const issued = await createToken(first, account);
  const refreshed = (
    await callExpecting<IssuedToken>(200, second, 'POST', tokenPath(account, issued.token, '/refresh'), {
      body: { overlapSeconds: 3_600 },
    })
  ).body;

  // Both values, at both nodes, at once; every third call asks for what it may not.
  const work = nodes.flatMap(({ url }) =>
    [issued.value, refreshed.value].map(async (token) => {
      for (let count = 0; count < CALLS; count += 1) {
        const denied = count % 3 === 0;
        await callExpecting(denied ? 403 : 200, { url, token }, 'GET', denied ? accountPath(account) : '/api/v1/me');
      }
    }),
  );
  // A verifier tells the nodes in turn what it answered, and tells some of it twice: it did not hear the answer.
  const report = async (index: number): Promise<void> => {
    const body = {
      reportId: `report-${index}-0123456789abcdef`,
      items: [
        {
          tokenId: issued.token.id,
          generation: 2,
          address: '192.0.2.9',
          userAgent: 'gateway',
          outcome: 'allowed',
          count: 7,
          lastAt: new Date().toISOString(),
        },
      ],
    };
    for (const node of index % 4 === 0 ? [...nodes, ...nodes] : [nodes[index % 2] ?? first]) {
      const { status, text } = await call(node, 'POST', '/api/v1/usage-reports', { body });
      expect(status, text).toBe(204);
    }
  };
  await Promise.all([...work, ...Array.from({ length: REPORTS }, (_, index) => report(index))]);

  expect(await Promise.all(nodes.map(({ node }) => node.stop()))).toEqual([0, 0]);
  const third = await start();
  const to = new Date(Date.now() + 3_600_000).toISOString();
  const from = new Date(Date.now() - 7_200_000).toISOString();
  for (const by of ['hour', 'day']) {
    const path = tokenPath(account, issued.token, `/usage?by=${by}&from=${from}&to=${to}`);
    const { body } = await callExpecting<Usage>(200, third, 'GET', path);
    const [allowed, denied] = [nodes.length * (CALLS - CALLS / 3), nodes.length * (CALLS / 3)];
    expect(sums(body), by).toEqual({
      '1 allowed': allowed,
      '1 denied': denied,
      '2 allowed': allowed + REPORTS * 7,
      '2 denied': denied,
    });
  }
  expect(await third.node.stop()).toBe(0);
});
