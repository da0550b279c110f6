import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { servePostern } from '../../packages/cli/test/command.ts';
import { writePosternCommand } from '../../testing/postern-command.ts';
import { tmpDirectory } from '../../testing/tmp.ts';
import { findMissing } from '../../testing/transcript.ts';

const run = promisify(execFile);
const folder = import.meta.dirname;
const missing = findMissing(['curl']);

test.each([
  ['github-actions.yml', ['jobs', 'nightly', 'steps', 1, 'run']],
  ['gitlab-ci.yml', ['nightly', 'script', 0]],
  ['kubernetes-cronjob.yaml', ['spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', 0, 'command', 0]],
])('%s is YAML, and calls the script', async (file, path) => {
  const document: unknown = parse(await readFile(join(folder, file), 'utf8'));
  const found = path.reduce((at, key) => (at as Record<string | number, unknown>)[key], document);
  expect(found).toMatch(/\/job\.sh$/);
});

test.each(['crontab', 'postern-job.service'])('%s calls the script, and holds no value', async (file) => {
  const content = await readFile(join(folder, file), 'utf8');
  expect(content).toMatch(/\/job\.sh$/m);
  expect(content).not.toMatch(/pst_\w{49}/);
});

test.skipIf(findMissing(['systemd-analyze']).length > 0)(
  'systemd reads the service and its timer, and finds nothing wrong: needs systemd-analyze',
  async () => {
    const home = await tmpDirectory();
    for (const name of ['postern-job.service', 'postern-job.timer']) {
      const unit = await readFile(join(folder, name), 'utf8');
      await writeFile(join(home, name), unit.replace('/opt/postern-examples/ci', folder));
    }
    const verify = (name: string) => run('systemd-analyze', ['verify', '--man=no', join(home, name)]);
    expect(await verify('postern-job.service')).toMatchObject({ stderr: '' });
    expect(await verify('postern-job.timer')).toMatchObject({ stderr: '' });
    await writeFile(join(home, 'postern-job.timer'), '[Timer]\nOnCalendar=at night\n');
    await expect(verify('postern-job.timer')).rejects.toThrow();
  },
);

test('a job runs on while its token is rotated: the old value, both, the new one', { timeout: 180_000 }, async ({
  skip,
}) => {
  if (missing.length > 0) skip('this machine has no curl');
  const home = await tmpDirectory();
  const admin = mintTokenValue(randomBytes).reveal();
  const server = await servePostern({ POSTERN_DATA_DIR: join(home, 'data'), POSTERN_ADMIN_TOKEN: admin });
  const bin = join(home, 'bin');
  await mkdir(bin);
  await writePosternCommand(bin);
  const path = `${bin}:${dirname(process.execPath)}:${process.env.PATH}`;
  const env = { PATH: path, XDG_CONFIG_HOME: home, POSTERN_URL: server.url, POSTERN_TOKEN: admin };
  const secret = join(home, 'secret');
  const job = async (file: string) => {
    const { POSTERN_TOKEN: _none, ...rest } = env;
    const { stdout } = await run(join(folder, 'job.sh'), { env: { ...rest, POSTERN_TOKEN_FILE: file } });
    return (JSON.parse(stdout) as { displayName: string }).displayName;
  };
  try {
    await run('postern', ['sa', 'create', 'nightly'], { env });
    await run('postern', ['token', 'create', 'job', '--account', 'nightly', '--expires', '90d', '--out', secret], {
      env,
    });
    const old = join(home, 'old');
    await writeFile(old, await readFile(secret), { mode: 0o600 });
    expect(await job(secret)).toBe('nightly');
    const rotate = (store: string) => run(join(folder, 'rotate.sh'), ['nightly', 'job', store], { env });
    await rotate(`cat > ${secret}`);
    expect(await readFile(secret, 'utf8')).not.toBe((await readFile(old, 'utf8')).trim());
    expect([await job(old), await job(secret)]).toEqual(['nightly', 'nightly']);
    await run('postern', ['token', 'end-overlap', 'job', '--account', 'nightly', '--yes'], { env });
    await expect(job(old)).rejects.toThrow();
    expect(await job(secret)).toBe('nightly');
    await expect(rotate('exit 1')).rejects.toMatchObject({ code: 1 });
    expect(await job(secret)).toBe('nightly');
  } finally {
    await server.end();
  }
});
