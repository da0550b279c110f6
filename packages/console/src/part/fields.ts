import { PosternError } from '@postern/sdk';
import { type RefObject, useEffect, useRef, useState } from 'react';

/** What was sent for fields that hold several, in the words of whoever reads of it. */
export type Sent<Values> = { readonly [Name in keyof Values]?: readonly string[] | undefined };

export interface Fields<Values> {
  readonly values: Values;
  /** What an input of Mantine takes. */
  text(name: keyof Values & string): {
    readonly value: string;
    readonly error: string | undefined;
    readonly onChange: (event: { readonly currentTarget: { readonly value: string } }) => void;
  };
  set<Name extends keyof Values>(name: Name, value: Values[Name]): void;
  readonly errors: Partial<Record<keyof Values, string>>;
  /** Puts errors on their fields, and the first of these in focus. */
  fail(errors: Partial<Record<keyof Values, string>>): void;
  /**
   * The errors of a refused call on the fields that they name; what is left of it concerns no field of this form. Of a field
   * that was sent as several, `sent` has them: the error then says which it is about.
   */
  take(error: Error, sent?: Sent<Values>): Error | null;
  readonly form: RefObject<HTMLDivElement | null>;
}

/** The fields of a form. The server decides what is wrong with them, and its words land on the field that they are about. */
export function useFields<Values extends object>(initial: Values): Fields<Values> {
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Partial<Record<keyof Values, string>>>({});
  const form = useRef<HTMLDivElement>(null);

  /** How often errors have come; while some are corrected nobody is led away to the others. */
  const [failures, setFailures] = useState(0);
  useEffect(() => {
    if (failures > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [failures]);

  function fail(landed: Partial<Record<keyof Values, string>>): void {
    setErrors(landed);
    setFailures((before) => before + 1);
  }

  function set<Name extends keyof Values>(name: Name, value: Values[Name]): void {
    setValues((before) => ({ ...before, [name]: value }));
    if (errors[name] !== undefined) setErrors(({ [name]: _, ...others }) => others as typeof errors);
  }

  return {
    values,
    errors,
    form,
    set,
    text: (name) => ({
      value: String(values[name]),
      error: errors[name],
      onChange: (event) => set(name, event.currentTarget.value as Values[typeof name]),
    }),
    fail,
    take(error, sent = {}) {
      if (!(error instanceof PosternError)) return error;
      const landed: Partial<Record<keyof Values, string>> = {};
      const seen = new Set<string>();
      for (const { path, message } of error.errors) {
        const [name, index] = fieldOf(path, values);
        // One sentence for each thing is enough, however many rules it breaks.
        if (name === undefined || seen.has(path)) continue;
        seen.add(path);
        const item = sent[name]?.[Number(index)];
        if (item === undefined) landed[name] ??= sentence(message);
        else landed[name] = [landed[name], `${item} ${message}.`].filter(Boolean).join(' ');
      }
      if (Object.keys(landed).length === 0) return error;
      fail(landed);
      return null;
    },
  };
}

/**
 * The field that a path of the body is about, the innermost of those that it names, and what follows: `/restrictions/networks/0`
 * is about `networks`, and its entry 0.
 */
function fieldOf<Values extends object>(path: string, values: Values): [keyof Values | undefined, string | undefined] {
  const parts = path.split('/').slice(1);
  const at = parts.findLastIndex((part) => Object.hasOwn(values, part));
  return at < 0 ? [undefined, undefined] : [parts[at] as keyof Values, parts[at + 1]];
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}
