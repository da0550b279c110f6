import { Button, Tabs, Textarea } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Copy } from '../part/copy.tsx';
import type { ShownValue } from './shown-value.ts';
import classes from './value-step.module.css';

/** A value that a dialog shows once. */
export interface ShownOnce {
  /** Null before there is one. */
  readonly shown: ShownValue | null;
  readonly copied: boolean;
  /** Whether it is asked if the value may be lost. */
  readonly asking: boolean;
  show(shown: ShownValue): void;
  noteCopied(): void;
  /** Closes the dialog; with a value that was not copied it asks first. */
  close(): void;
  /** Closes it whatever it shows. */
  leave(): void;
  stay(): void;
}

/** A value that was not copied is not lost by closing its dialog or leaving the page before that was asked once. */
export function useShownOnce(onClose: () => void): ShownOnce {
  const [shown, setShown] = useState<ShownValue | null>(null);
  const [copied, setCopied] = useState(false);
  const [asking, setAsking] = useState(false);
  const atStake = shown !== null && !copied;

  const askFirst = useCallback(() => {
    // Asked already, or let go of just now, and this is where that leads.
    if (asking || shown?.reveal() === '') return false;
    setAsking(true);
    return true;
  }, [shown, asking]);
  useBlocker({ shouldBlockFn: askFirst, enableBeforeUnload: true, disabled: !atStake });

  function leave(): void {
    shown?.forget();
    setShown(null);
    setCopied(false);
    setAsking(false);
    onClose();
  }

  return {
    shown,
    copied,
    asking,
    show: setShown,
    noteCopied() {
      setCopied(true);
      setAsking(false);
    },
    close() {
      if (atStake && !asking) setAsking(true);
      else leave();
    },
    leave,
    stay: () => setAsking(false),
  };
}

interface TokenValueStepProps {
  readonly shown: ShownValue;
  readonly once: ShownOnce;
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
export function TokenValueStep({ shown, once }: TokenValueStepProps) {
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
      once.noteCopied();
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
          onCopy={({ currentTarget: { selectionStart, selectionEnd, value } }) => {
            if (selectionEnd - selectionStart === value.length) once.noteCopied();
          }}
        />
        <Button variant={once.copied ? 'default' : 'filled'} onClick={copy} autoFocus data-autofocus>
          {once.copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <span className="visually-hidden" role="status">
        {once.copied ? 'Copied' : ''}
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
      {once.asking ? (
        <div className={classes.footer} role="alert">
          <span>You haven’t copied the value.</span>
          <Button onClick={once.stay}>Keep open</Button>
          <Button data-tone="brick" onClick={once.leave}>
            Close anyway
          </Button>
        </div>
      ) : (
        <div className={classes.footer}>
          <Button variant={once.copied ? 'filled' : 'default'} onClick={once.close}>
            Done
          </Button>
        </div>
      )}
    </div>
  );
}
