import fc from 'fast-check';
import { GROUPS, PERMISSIONS, PRINCIPALS, REGISTERED, ROLES, type Step, WORKSPACES } from './model.ts';

const who = fc.constantFrom(...PRINCIPALS);
const workspace = fc.constantFrom(...WORKSPACES);
const group = fc.constantFrom(...GROUPS);
const customRole = fc.constantFrom(...ROLES);
const role = fc.constantFrom('viewer', 'member', 'manager', ...ROLES);
const permission = fc.constantFrom(...REGISTERED);
const permissions = fc.subarray([...PERMISSIONS]);

function step<Verb extends Step['do']>(verb: Verb, parts: object): fc.Arbitrary<Step> {
  return fc.record({ do: fc.constant(verb), ...parts }) as unknown as fc.Arbitrary<Step>;
}

/** Random mutations; making things comes more often than ending them, so that there is something to decide about. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: step('create workspace', { workspace }), weight: 3 },
    { arbitrary: step('create group', { group }), weight: 3 },
    { arbitrary: step('register', { permission }), weight: 2 },
    { arbitrary: step('create role', { role: customRole, permissions }), weight: 2 },
    { arbitrary: step('join', { who, group, role: fc.constantFrom('member', 'manager') }), weight: 4 },
    { arbitrary: step('give', { who, workspace, role }), weight: 4 },
    { arbitrary: step('carry', { group, workspace, role }), weight: 4 },
    { arbitrary: step('change role', { role: customRole, permissions }), weight: 2 },
    { arbitrary: step('organization role', { who, role: fc.constantFrom('admin', 'member', 'verifier') }), weight: 1 },
    { arbitrary: step('disable', { who }), weight: 1 },
    { arbitrary: step('enable', { who }), weight: 1 },
    { arbitrary: step('leave', { who, group }), weight: 1 },
    { arbitrary: step('take', { who, workspace }), weight: 1 },
    { arbitrary: step('drop', { group, workspace }), weight: 1 },
    { arbitrary: step('delete group', { group }), weight: 1 },
    { arbitrary: step('delete workspace', { workspace }), weight: 1 },
    { arbitrary: step('delete role', { role: customRole }), weight: 1 },
    { arbitrary: step('unregister', { permission }), weight: 1 },
  ),
  { minLength: 1, maxLength: 40 },
);
