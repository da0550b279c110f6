import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { validate } from 'dockerfile-utils';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { createMetrics } from '../packages/server/src/metrics.ts';
import { SETTING_DESCRIPTIONS } from '../packages/server/src/setting-table.ts';
import { openDoor } from '../packages/server/test/door.ts';
import { engines } from '../packages/storage/test/engines.ts';
import { codeBlocks } from '../testing/markdown.ts';
import { tmpDirectory } from '../testing/tmp.ts';

/** What is shipped to run Postern with, held against what it is: there is no container engine, cluster or Grafana here. */

const root = join(import.meta.dirname, '..');
const deploy = (path: string): string => readFileSync(join(root, 'deploy', path), 'utf8');
const SETTINGS = SETTING_DESCRIPTIONS.map(({ variable }) => variable as string);

// biome-ignore lint/suspicious/noExplicitAny: a document is what the test says it is
type Document = any;

describe('the Dockerfile', () => {
  const text = deploy('Dockerfile');
  const lines = text.split('\n');

  test('has nothing that its linter minds', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
    // The linter would say so.
    expect(validate('FROM node\nRUNN x\n')).not.toEqual([]);
  });

  test('copies what there is, and runs as somebody who may not write to it', () => {
    const sources = lines
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(lines.findLast((line) => line.startsWith('USER '))).toBe('USER node');
    expect(text).toContain('--chown=root:root');
    expect([...text.matchAll(/POSTERN_[A-Z_]+/g)].filter(([name]) => !SETTINGS.includes(name ?? ''))).toEqual([]);
    // A digest is the operator's to pin; a version is ours.
    expect(lines.filter((line) => line.startsWith('FROM '))).toEqual(
      lines.filter((line) => /^FROM node:24-/.test(line)),
    );
  });
});

test('the start that the image is built with fills what Node compiled, ends well, and leaves nothing else', async () => {
  const [, script = ''] = /sh -c '\\\n(.*?)'/s.exec(deploy('Dockerfile')) ?? [];
  const directory = await tmpDirectory();
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const run = spawnSync('sh', ['-c', script.replaceAll('\\\n', '')], {
    cwd: root,
    env: { PATH, TMPDIR: directory },
    encoding: 'utf8',
  });
  expect(run.status, run.stderr).toBe(0);
  const builds = join(root, 'packages/cli/dist');
  const cache = join(builds, readFileSync(join(builds, 'current'), 'utf8'), '.cache');
  expect(readdirSync(cache)).toContainEqual(expect.stringContaining(process.version));
  expect(readdirSync(directory)).toEqual([]);
});

test('the compose file has no secret of its own, and settings that there are', () => {
  const { services }: Document = parse(deploy('compose.yaml'));
  const { postern, postgres } = services;
  expect(Object.keys(postern.environment).filter((name) => !SETTINGS.includes(name))).toEqual([]);
  for (const name of ['POSTERN_SECRET_KEY', 'POSTERN_DATABASE_URL'])
    expect(postern.environment[name]).toMatch(/\$\{\w+:\?/);
  expect(postgres.environment.POSTGRES_PASSWORD).toMatch(/^\$\{POSTGRES_PASSWORD:\?/);
  // Where nothing is set, links lead to where it is published.
  expect(postern.environment.POSTERN_PUBLIC_URL).toBe(
    `\${POSTERN_PUBLIC_URL:-http://${postern.ports[0].replace(/:\d+$/, '')}}`,
  );
  expect(postern.read_only).toBe(true);
  expect(postern.ports).toEqual(['127.0.0.1:7070:7070']);
  expect(existsSync(join(root, 'deploy', postern.build.context, postern.build.dockerfile))).toBe(true);
  const volumes = Object.keys(parse(deploy('compose.yaml')).volumes);
  for (const each of [...postern.volumes, ...postgres.volumes]) expect(volumes).toContain(each.split(':')[0]);
});

/** What TypeScript minds about Kubernetes objects, held against the types that are made of the official API description. */
async function findTypeErrors(documents: readonly Document[]): Promise<readonly string[]> {
  const require = createRequire(import.meta.url);
  const types = dirname(require.resolve('kubernetes-types/package.json'));
  const texts = documents.map(({ apiVersion, kind, ...fields }, index) => {
    const [version, group = 'core'] = apiVersion.split('/').reverse();
    const path = join(types, group.replace('.k8s.io', ''), version);
    const text = JSON.stringify({ apiVersion, kind, ...fields }, null, 1);
    return `export const of${index}: import(${JSON.stringify(path)}).${kind} = ${text};`;
  });
  const file = join(await tmpDirectory(), 'documents.ts');
  writeFileSync(file, texts.join('\n'));
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'preserve', '--pretty', 'false'];
  const { stdout } = spawnSync(process.execPath, [tsc, ...options, file], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}

describe('the Kubernetes manifests', () => {
  const documents: Document[] = parseAllDocuments(deploy('kubernetes/postern.yaml')).map((each) => {
    expect(each.errors).toEqual([]);
    return each.toJS();
  });
  const of = (kind: string): Document[] => documents.filter((each) => each.kind === kind);
  const [set] = of('StatefulSet');
  const { spec: pod, metadata } = set.spec.template;
  const [container] = pod.containers;

  test('have the fields that Kubernetes has, each of its type', async () => {
    expect(await findTypeErrors(documents)).toEqual([]);
    const spoiled = (spoil: (copy: Document) => void): Document => {
      const copy = structuredClone(set);
      spoil(copy);
      return copy;
    };
    const found = await findTypeErrors([
      spoiled(({ spec }) => Object.assign(spec, { replica: 3 })),
      spoiled(({ spec }) => Object.assign(spec, { replicas: 'three' })),
      spoiled(({ spec }) => Object.assign(spec.template.spec.containers[0].readinessProbe.httpGet, { url: '/readyz' })),
      spoiled(({ spec }) => delete spec.selector),
    ]);
    const minded = [
      `'"replica"' does not exist`,
      `Type 'string' is not assignable to type 'number'`,
      `'"url"' does not exist`,
      `Property 'selector' is missing`,
    ];
    expect(found).toEqual(minded.map((text) => expect.stringContaining(text)));
  });

  test('select the pods that there are, by ports that there are', () => {
    const { labels } = metadata;
    const selectors = [
      set.spec.selector.matchLabels,
      ...of('Service').map(({ spec }) => spec.selector),
      ...of('PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels),
      ...of('NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels),
    ];
    expect(selectors).toHaveLength(5);
    for (const selector of selectors) expect(labels).toMatchObject(selector);
    const ports = container.ports.map(({ name }: { name: string }) => name);
    const named = [
      ...of('Service').flatMap(({ spec }) => spec.ports.map(({ targetPort }: Document) => targetPort)),
      ...[container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet.port),
    ];
    for (const port of named) expect(ports).toContain(port);
    expect(of('Service').map((each) => each.metadata.name)).toContain(set.spec.serviceName);
    const mounted = container.volumeMounts.map(({ name }: { name: string }) => name).sort();
    const volumes = [...pod.volumes, ...set.spec.volumeClaimTemplates.map((each: Document) => each.metadata)];
    expect(volumes.map(({ name }) => name).sort()).toEqual(mounted);
  });

  test('have settings that there are, secrets from elsewhere, and no more rights than needed', () => {
    const names = container.env.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => !SETTINGS.includes(name))).toEqual([]);
    expect(names.filter((name: string) => /SECRET|URL$/.test(name) && name !== 'POSTERN_PUBLIC_URL')).toEqual([]);
    // Kubernetes would set POSTERN_PORT beside a Service of that name.
    expect(pod.enableServiceLinks).toBe(false);
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    // Readiness asks the database; liveness must not, or all nodes restart when it is away.
    expect([container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path]).toEqual([
      '/healthz',
      '/readyz',
    ]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(13);
  });
});

const systemd = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
const HAS_SYSTEMD = systemd.error === undefined && systemd.status === 0;

describe('the systemd units', () => {
  const units = readdirSync(join(root, 'deploy/systemd'));

  test('are three', () =>
    expect(units.sort()).toEqual(['postern-backup.service', 'postern-backup.timer', 'postern.service']));

  test.skipIf(!HAS_SYSTEMD)('the server is exposed as little as systemd-analyze measures: below 2 of 10', () => {
    const path = join(root, 'deploy/systemd/postern.service');
    const run = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', path], {
      encoding: 'utf8',
    });
    expect([run.status, run.stdout.split('\n').findLast((line) => line.includes('Overall'))], run.stderr).toEqual([
      0,
      expect.stringContaining('OK'),
    ]);
  });

  test.each(units)('%s has the settings that there are', (unit) => {
    const names = [...deploy(`systemd/${unit}`).matchAll(/POSTERN_[A-Z_]+/g)].map(([name]) => name);
    expect(names.filter((name) => !SETTINGS.includes(name))).toEqual([]);
  });
});

describe('what is asked of Prometheus', () => {
  // Prometheus makes one itself: whether a target could be asked.
  const known = new Set<string>(['up']);

  beforeAll(async () => {
    const door = await openDoor(engines.find(({ name }) => name === 'postgres') ?? engines[0]!);
    const metrics = createMetrics();
    metrics.watch(door.server, door.database.cache);
    for (const [, name = '', type] of (await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      const endings = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      for (const ending of endings) known.add(`${name}${ending}`);
    }
    await door.close();
  });

  const dashboard: Document = JSON.parse(deploy('grafana/postern.json'));
  const alerts: Document = parse(deploy('prometheus/alerts.yaml'));
  const guide = readFileSync(join(root, 'docs/guides/operate.md'), 'utf8');
  const expressions: readonly (readonly [string, string])[] = [
    ...dashboard.panels.flatMap(({ title, targets }: Document) =>
      targets.map(({ expr }: { expr: string }) => [`the panel "${title}"`, expr] as const),
    ),
    ...alerts.groups.flatMap(({ rules }: Document) =>
      rules.map(({ alert, expr }: Document) => [`the alert ${alert}`, expr] as const),
    ),
    ...codeBlocks(guide)
      .filter(({ language }) => language === 'promql')
      .map(({ line, text }) => [`line ${line} of the guide`, text] as const),
  ];

  test('is not little', () => expect(expressions.length).toBeGreaterThan(25));

  test.each(expressions)('%s can be read, and names metrics that there are', (_where, expression) => {
    const text = expression.replaceAll('$__rate_interval', '1m');
    const names: string[] = [];
    parser.parse(text).iterate({
      enter({ name, type, from, to }) {
        expect(type.isError, `${name} at ${from} of ${text}`).toBe(false);
        if (name === 'VectorSelector') names.push(/^\w+/.exec(text.slice(from, to))?.[0] ?? '');
      },
    });
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('somebody is woken for a process that is not ready, one that is gone, and where none is left', () => {
    const [{ rules }] = alerts.groups;
    const { expr } = rules.find(({ alert }: Document) => alert === 'PosternNotReady');
    // Whatever the job is called: what cannot be read now, and had this metric in the last week.
    const gone = '(up == 0 and on (job, instance) count_over_time(postern_ready[7d]))';
    expect(expr.split(' or ').sort()).toEqual([gone, 'absent(postern_ready)', 'postern_ready == 0']);
  });

  test('a metric that there is not would be found', () => {
    expect(known.has('postern_ready')).toBe(true);
    expect(known.has('postern_happiness')).toBe(false);
    expect(parser.parse('sum(rate(').toString()).toContain('⚠');
  });
});
