import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Value = string | number | null;

/** Stands for a value while its statement is put together. Whoever does more with it than hand it on is told so. */
class Parameter {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  toJSON(): never {
    throw new Error(`${this.name} is written into a statement whose text is fixed`);
  }

  [Symbol.toPrimitive](): never {
    return this.toJSON();
  }
}

/** A statement that is worth preparing: the same name is always the same text, in this process. */
export interface NamedQuery<Row = unknown> extends CompiledQuery<Row> {
  readonly name?: string;
}

let names = 0;

/** Runs the statement with these values; resolves with its rows. */
export interface FixedStatement<Values, Row, Fixed extends unknown[]> {
  (db: Kysely<Schema>, values: Values, ...fixed: Fixed): Promise<readonly Row[]>;
  /** Only puts the values in. */
  fill(db: Kysely<Schema>, values: Values, ...fixed: Fixed): CompiledQuery<Row>;
}

/**
 * A statement whose text is always the same, put together and compiled once for each engine: for the few that run in every
 * mutation, where that costs more than to run them. `build` is called once, with stand-ins instead of values: it may hand
 * them on, and not look at them. What else it needs (`fixed`) belongs to the engine.
 */
export function fixedStatement<Values extends { readonly [Name in keyof Values]: Value }, Row, Fixed extends unknown[]>(
  build: (db: Kysely<Schema>, values: Values, ...fixed: Fixed) => Compilable<Row>,
): FixedStatement<Values, Row, Fixed> {
  const compiled = new WeakMap<object, NamedQuery<Row>>();

  function fill(db: Kysely<Schema>, values: Values, ...fixed: Fixed): CompiledQuery<Row> {
    const { adapter } = db.getExecutor();
    let query = compiled.get(adapter);
    if (!query) {
      names += 1;
      query = { ...build(db, standIns(values), ...fixed).compile(), name: `fixed-${names}` };
      requireEach(Object.keys(values), query);
      compiled.set(adapter, query);
    }
    const given = values as Readonly<Record<string, Value>>;
    const parameters = query.parameters.map((each) => (each instanceof Parameter ? given[each.name] : each));
    return { ...query, parameters };
  }

  const run = async (db: Kysely<Schema>, values: Values, ...fixed: Fixed): Promise<readonly Row[]> =>
    (await db.executeQuery<Row>(fill(db, values, ...fixed))).rows;
  return Object.assign(run, { fill });
}

function standIns<Values extends object>(values: Values): Values {
  return Object.fromEntries(Object.keys(values).map((name) => [name, new Parameter(name)])) as Values;
}

function requireEach(names: readonly string[], { parameters }: CompiledQuery): void {
  const used = new Set(parameters.map((each) => (each instanceof Parameter ? each.name : undefined)));
  const missing = names.filter((name) => !used.has(name));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} is not a parameter of the statement`);
}
