import type { FastifyInstance } from 'fastify';

/** Remembers every route that is declared from now on; the answer tells which methods a path has. */
export function collectMethods(app: FastifyInstance): (url: string) => readonly string[] {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: toPattern(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    routes.set(url, route);
  });

  return (url) => {
    const path = url.split('?', 1)[0] ?? '';
    for (const { pattern, methods } of routes.values()) if (pattern.test(path)) return [...methods];
    return [];
  };
}

function toPattern(url: string): RegExp {
  const steps = url
    .split('/')
    .map((step) => (step.startsWith(':') ? '[^/]+' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${steps.join('/')}$`);
}
