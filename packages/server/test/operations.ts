import { describeApi } from '../src/documentation.ts';

/** Every operation of the API, as its document names them. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** `/a/{id}`. */
  readonly path: string;
}

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;

export async function listOperations(): Promise<readonly Operation[]> {
  const { paths } = (await describeApi()) as { readonly paths: Paths };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** The names in its path. */
export function parametersOf({ path }: Operation): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}
