import { describe, expect, test } from 'vitest';
import { decide, heldPermissions, requireGrantable, requirePermission } from './decision.ts';
import { DomainError } from './error.ts';
import { ORGANIZATION_ROLES, type OrganizationRole } from './organization.ts';
import { PERMISSION_NAMES } from './permission.ts';

/** The truth, as a table: what each organization role may do. Nobody may do what is not listed. */
const ALLOWED: Record<OrganizationRole, readonly string[]> = {
  admin: [
    'organization.read',
    'service_account.create',
    'service_account.read',
    'service_account.update',
    'service_account.disable',
    'service_account.enable',
    'service_account.delete',
    'token.create',
    'token.read',
    'token.update',
    'token.refresh',
    'token.delete',
    'token.introspect',
    'access.check',
    'changes.read',
    'audit.read',
  ],
  member: [],
  verifier: ['token.introspect', 'access.check', 'changes.read'],
};

const QUESTIONS = [...PERMISSION_NAMES, 'invoices.read', '', '__proto__', 'constructor', 'TOKEN.CREATE'];

describe.each(ORGANIZATION_ROLES)('the organization role %s', (organizationRole) => {
  test.each(QUESTIONS)('%j', (permission) => {
    const allowed = ALLOWED[organizationRole].includes(permission);
    const decision = decide({ organizationRole }, permission);
    expect(decision).toEqual(
      allowed
        ? { allowed: true, because: [{ source: 'organization_role', role: organizationRole }] }
        : { allowed: false, missing: { permission, scope: 'organization' } },
    );
  });

  test('holds exactly what it is allowed', () => {
    expect([...heldPermissions({ organizationRole })].sort()).toEqual([...ALLOWED[organizationRole]].sort());
  });
});

describe('granting', () => {
  test.each<[OrganizationRole, OrganizationRole, boolean]>([
    ['admin', 'admin', true],
    ['admin', 'verifier', true],
    ['verifier', 'verifier', true],
    ['verifier', 'member', true],
    ['verifier', 'admin', false],
    ['member', 'verifier', false],
    ['member', 'member', true],
  ])('%s may give %s: %s', (actor, role, allowed) => {
    const attempt = () => requireGrantable({ organizationRole: actor }, role);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DomainError);
  });

  test('names what is missing', () => {
    try {
      requirePermission({ organizationRole: 'member' }, 'token.create');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'permission.missing', facts: { permission: 'token.create' } });
    }
  });
});
