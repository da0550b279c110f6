import { Button } from '@mantine/core';
import { reportLeak } from '@postern/sdk';
import { useState } from 'react';
import { Refusal } from '../part/failure.tsx';
import { say } from '../part/toast.ts';
import classes from './palette.module.css';
import type { PastedValue } from './pasted.ts';

interface ReportLeakProps {
  readonly pasted: PastedValue;
  readonly onReported: () => void;
}

/** A value that was pasted: it leaves this page only if somebody says so, and then to this server. */
export function ReportLeak({ pasted: { secret, hint }, onReported }: ReportLeakProps) {
  const [asking, setAsking] = useState(false);
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  async function report(): Promise<void> {
    if (pending) return;
    setPending(true);
    setError(null);
    try {
      await reportLeak(secret.reveal(), { url: location.origin });
      say(`…${hint} was reported. If it was alive, its organization’s answer to leaks has been carried out.`);
      onReported();
    } catch (refused) {
      setError(refused as Error);
      setPending(false);
    }
  }

  if (!asking) return <Button onClick={() => setAsking(true)}>Report leak</Button>;
  return (
    <div className={classes.report}>
      <p>
        Reporting sends the value to this server. If it is alive, it ends at once, or is noted in the audit log where
        the organization wants that; whoever uses it gets 401.
      </p>
      <Refusal error={error} />
      <div className="row">
        <Button onClick={() => setAsking(false)} disabled={pending}>
          Cancel
        </Button>
        <Button variant="filled" data-tone="brick" autoFocus onClick={report} aria-disabled={pending || undefined}>
          {pending ? 'Reporting…' : 'Report leak'}
        </Button>
      </div>
    </div>
  );
}
