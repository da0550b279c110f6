import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The truth about access as people write it: testing/truth/access.yaml. */
export interface Story {
  readonly story: string;
  readonly permissions?: readonly string[];
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  readonly workspaces?: readonly string[];
  readonly groups?: Readonly<
    Record<
      string,
      {
        readonly carries?: Readonly<Record<string, string>>;
        readonly members?: Readonly<Record<string, 'member' | 'manager'>>;
      }
    >
  >;
  readonly principals: Readonly<
    Record<
      string,
      {
        readonly organization?: 'admin' | 'member' | 'verifier';
        readonly workspaces?: Readonly<Record<string, string>>;
      }
    >
  >;
  readonly tokens?: Readonly<
    Record<
      string,
      { readonly of: string; readonly permissions?: readonly string[]; readonly workspaces?: readonly string[] }
    >
  >;
  readonly truth: Readonly<Record<string, { readonly allow?: string; readonly deny?: string }>>;
}

/** One line of truth: may this subject (a principal, or a token of one) do that there? */
export interface Question {
  readonly subject: string;
  readonly place: { readonly kind: 'organization' } | { readonly kind: 'workspace' | 'group'; readonly name: string };
  readonly permission: string;
  readonly allowed: boolean;
}

export function readStories(): readonly Story[] {
  return parse(readFileSync(new URL('truth/access.yaml', import.meta.url), 'utf8')) as Story[];
}

/** All lines of a story, told in words by `title`. */
export function questionsOf(story: Story): readonly (Question & { readonly title: string })[] {
  return Object.entries(story.truth).flatMap(([where, { allow, deny }]) => {
    const [, subject = '', kind, name] = /^(\S+)(?: in (workspace|group) (\S+))?$/.exec(where) ?? [];
    const place = kind && name ? { kind: kind as 'workspace' | 'group', name } : { kind: 'organization' as const };
    const line = (permission: string, allowed: boolean) => ({
      subject,
      place,
      permission,
      allowed,
      title: `${where} ${allowed ? 'may' : 'may not'} ${permission}`,
    });
    return [...words(allow).map((each) => line(each, true)), ...words(deny).map((each) => line(each, false))];
  });
}

function words(text: string | undefined): readonly string[] {
  return text?.split(/\s+/).filter(Boolean) ?? [];
}

/** Whatever can make what a story tells of: a storage, or a server. Ids are its own. */
export interface StoryMaker {
  registerPermission(name: string): Promise<void>;
  createRole(name: string, permissions: readonly string[]): Promise<string>;
  createWorkspace(name: string): Promise<string>;
  createGroup(name: string): Promise<string>;
  createPrincipal(name: string, organizationRole: 'admin' | 'member' | 'verifier'): Promise<string>;
  setGroupMember(groupId: string, principalId: string, role: 'member' | 'manager'): Promise<void>;
  setWorkspaceGroup(workspaceId: string, groupId: string, roleId: string): Promise<void>;
  setWorkspaceMember(workspaceId: string, principalId: string, roleId: string): Promise<void>;
  createToken(
    name: string,
    principalId: string,
    restrictions: { readonly permissions?: readonly string[]; readonly workspaces?: readonly string[] },
  ): Promise<string>;
}

/** The ids of a story's people and places. */
export interface MadeStory {
  readonly principals: ReadonlyMap<string, string>;
  readonly tokens: ReadonlyMap<string, string>;
  readonly workspaces: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, string>;
}

export async function makeStory(story: Story, maker: StoryMaker): Promise<MadeStory> {
  const roles = new Map<string, string>();
  const made = {
    principals: new Map<string, string>(),
    tokens: new Map<string, string>(),
    workspaces: new Map<string, string>(),
    groups: new Map<string, string>(),
  };
  for (const name of story.permissions ?? []) await maker.registerPermission(name);
  for (const [name, permissions] of Object.entries(story.roles ?? {})) {
    roles.set(name, await maker.createRole(name, permissions));
  }
  for (const name of story.workspaces ?? []) made.workspaces.set(name, await maker.createWorkspace(name));
  const roleId = (name: string): string => roles.get(name) ?? name;
  for (const [name, { organization = 'member', workspaces = {} }] of Object.entries(story.principals)) {
    const id = await maker.createPrincipal(name, organization);
    made.principals.set(name, id);
    for (const [where, role] of Object.entries(workspaces)) {
      await maker.setWorkspaceMember(idOf(made.workspaces, where), id, roleId(role));
    }
  }
  for (const [name, { carries = {}, members = {} }] of Object.entries(story.groups ?? {})) {
    const id = await maker.createGroup(name);
    made.groups.set(name, id);
    for (const [where, role] of Object.entries(carries)) {
      await maker.setWorkspaceGroup(idOf(made.workspaces, where), id, roleId(role));
    }
    for (const [who, role] of Object.entries(members)) {
      await maker.setGroupMember(id, idOf(made.principals, who), role);
    }
  }
  for (const [name, { of, permissions, workspaces }] of Object.entries(story.tokens ?? {})) {
    const restrictions = {
      ...(permissions && { permissions }),
      ...(workspaces && { workspaces: workspaces.map((where) => idOf(made.workspaces, where)) }),
    };
    made.tokens.set(name, await maker.createToken(name, idOf(made.principals, of), restrictions));
  }
  return made;
}

/** The id under that name. Throws when the story has none. */
export function idOf(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`the story has no ${name}`);
  return id;
}
