import { PosternError } from '@postern/sdk';
import { type RefObject, useEffect, useRef, useState } from 'react';

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
  /** The errors of a refused call on the fields that they name; what is left of it concerns no field of this form. */
  take(error: Error): Error | null;
  readonly form: RefObject<HTMLDivElement | null>;
}

/** The fields of a form. The server decides what is wrong with them, and its words land on the field that they are about. */
export function useFields<Values extends object>(initial: Values): Fields<Values> {
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Partial<Record<keyof Values, string>>>({});
  const form = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (Object.keys(errors).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [errors]);

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
    fail: setErrors,
    take(error) {
      if (!(error instanceof PosternError)) return error;
      const landed: Partial<Record<keyof Values, string>> = {};
      for (const { path, message } of error.errors) {
        const name = path.split('/')[1] as keyof Values | undefined;
        if (name !== undefined && name in values) landed[name] ??= sentence(message);
      }
      if (Object.keys(landed).length === 0) return error;
      setErrors(landed);
      return null;
    },
  };
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}
