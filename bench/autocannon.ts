import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import type { LoadInput, LoadOutput } from './load.ts';
import { openValueFile } from './value-file.ts';

/** What wrk does with `load.lua`, for machines without wrk. A process of its own. */

const input = JSON.parse(process.env['BENCH_AUTOCANNON'] ?? '{}') as LoadInput;
const [before, after] = [input.beforeFile, input.afterFile].map((path) => readFileSync(path, 'utf8')) as [
  string,
  string,
];
const tokens = openValueFile(input.tokensFile);
const request = parseRequest();
let at = input.offset;

const { requests, duration, errors, non2xx, latency } = await autocannon({
  url: input.url,
  connections: input.connections,
  duration: input.seconds,
  ...(input.perSecond !== undefined && { overallRate: input.perSecond }),
  requests: [{ ...request(tokens.at(0)), setupRequest: (each) => ({ ...each, ...request(nextToken()) }) }],
});
const output: LoadOutput = {
  requests: requests.total,
  seconds: duration,
  failed: errors + non2xx,
  p50Ms: latency.p50,
  p99Ms: latency.p99,
};
process.stdout.write(`RESULT ${JSON.stringify(output)}\n`);

function nextToken(): string {
  at += 1;
  return tokens.at(at);
}

/** From the request as text to what autocannon wants to know. */
function parseRequest() {
  const mark = '\0';
  const [head = '', body = ''] = (before + mark + after).split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const [method = 'GET', path = '/'] = line.split(' ');
  const headers = lines.map((each) => each.split(': ') as [string, string]);
  const own = headers.filter(([name]) => name !== 'Host' && name !== 'Content-Length');
  return (token: string) => ({
    method: method as 'GET' | 'POST',
    path,
    headers: Object.fromEntries(own.map(([name, value]) => [name, value.replace(mark, token)])),
    ...(body !== '' && { body: body.replace(mark, token) }),
  });
}
