import { Button, Tabs, Textarea } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Copy } from '../part/copy.tsx';
import type { ShownValue } from './shown-value.ts';
import classes from './value-step.module.css';

/** Whether the value of this dialog was copied; closing without asks once. */
export interface Uncopied {
  readonly asking: boolean;
  readonly copied: boolean;
  noteCopied(): void;
  /** Leaves at once if the value was copied; otherwise asks first. */
  leave(close: () => void): void;
  stay(): void;
  reset(): void;
}

export function useUncopied(): Uncopied {
  const [copied, setCopied] = useState(false);
  const [asking, setAsking] = useState(false);
  return {
    copied,
    asking,
    noteCopied() {
      setCopied(true);
      setAsking(false);
    },
    leave(close) {
      if (copied || asking) close();
      else setAsking(true);
    },
    stay: () => setAsking(false),
    reset() {
      setCopied(false);
      setAsking(false);
    },
  };
}

interface TokenValueStepProps {
  readonly shown: ShownValue;
  readonly uncopied: Uncopied;
  readonly onDone: () => void;
}

const LINES = [
  {
    name: 'Shell',
    hint: 'It waits for the value, so that it is in no history.',
    text: 'read -rs POSTERN_TOKEN && export POSTERN_TOKEN',
  },
  { name: 'GitHub', hint: 'It asks for the value.', text: 'gh secret set POSTERN_TOKEN' },
  {
    name: 'SDK',
    hint: 'It reads POSTERN_TOKEN and POSTERN_URL.',
    text: "import { Postern } from '@postern/sdk';\nconst postern = new Postern();",
  },
] as const;

/** The only time that the value is shown. It is in no state and no property of anything, so that it goes with the dialog. */
export function TokenValueStep({ shown, uncopied, onDone }: TokenValueStepProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [refused, setRefused] = useState(false);

  useEffect(() => {
    const input = field.current;
    if (input) input.value = shown.reveal();
    return () => {
      if (input) input.value = '';
      shown.forget();
    };
  }, [shown]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(shown.reveal());
      setRefused(false);
      uncopied.noteCopied();
    } catch {
      setRefused(true);
      field.current?.select();
    }
  }

  return (
    <div className="stack">
      <p>
        <strong>This is the only time the value is shown.</strong> Store it where <bdi>{shown.token.name}</bdi> is used.
      </p>
      <div className={classes.value}>
        <Textarea
          ref={field}
          label="Token value"
          readOnly
          minRows={2}
          classNames={{ input: 'mono' }}
          spellCheck={false}
          onCopy={uncopied.noteCopied}
        />
        <Button variant={uncopied.copied ? 'default' : 'filled'} onClick={copy} autoFocus data-autofocus>
          {uncopied.copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <span className="visually-hidden" role="status">
        {uncopied.copied ? 'Copied' : ''}
      </span>
      {refused && <p role="alert">The browser does not let this page copy. The value is selected: press Ctrl/⌘ C.</p>}
      <Tabs defaultValue={LINES[0].name}>
        <Tabs.List aria-label="Where to put it">
          {LINES.map(({ name }) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {LINES.map(({ name, text, hint }) => (
          <Tabs.Panel key={name} value={name} className={classes.line}>
            <pre>
              <code>{text}</code>
            </pre>
            <Copy text={text} label="Copy the line" />
            <span className="meta">{hint}</span>
          </Tabs.Panel>
        ))}
      </Tabs>
      {uncopied.asking ? (
        <div className={classes.footer} role="alert">
          <span>You haven’t copied the value.</span>
          <Button onClick={uncopied.stay}>Keep open</Button>
          <Button data-tone="brick" onClick={onDone}>
            Close anyway
          </Button>
        </div>
      ) : (
        <div className={classes.footer}>
          <Button variant={uncopied.copied ? 'filled' : 'default'} onClick={() => uncopied.leave(onDone)}>
            Done
          </Button>
        </div>
      )}
    </div>
  );
}
