import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { EXIT } from './exit.ts';

export const DOCTOR_COMMANDS: Commands = {
  doctor: {
    summary:
      'Look at settings, database, clock, reachability and proxies, and say what to do; exits with 1 when something fails',
    where: 'server',
    flags: { json: { summary: 'Print one JSON document' } },
    run: doctor,
  },
};

async function doctor(input: CommandInput): Promise<void> {
  const { diagnose } = await import('@postern/server');
  const findings = await diagnose(input.settings);
  if (isGiven(input, 'json')) print(JSON.stringify(findings, null, 2));
  else {
    for (const { state, what, found, advice } of findings) {
      print(`${state.padEnd(4)}  ${what}: ${found}`);
      if (advice !== null) print(`      ${advice}`);
    }
  }
  if (findings.some(({ state }) => state === 'fail')) process.exitCode = EXIT.failed;
}
