import { Button, Menu } from '@mantine/core';
import type { AuditEventFilters, AuditExportFormat } from '@postern/sdk';
import { IconChevronDown } from '@tabler/icons-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { sentenceOf } from '../part/failure.tsx';
import { isFree } from '../part/spot.ts';
import { alarm, say } from '../part/toast.ts';
import { postern } from '../postern.ts';

const FORMATS: readonly { readonly format: AuditExportFormat; readonly label: string; readonly type: string }[] = [
  { format: 'csv', label: 'CSV, for spreadsheets', type: 'text/csv' },
  { format: 'ndjson', label: 'NDJSON, one event a line', type: 'application/x-ndjson' },
];

/** Everything that the filters find, as a file; leaving the page ends it. */
export function ExportMenu({ filters }: { readonly filters: AuditEventFilters }) {
  const [bytes, setBytes] = useState<number | null>(null);
  const running = useRef<AbortController>(null);
  useEffect(() => () => running.current?.abort(), []);
  // What begins it and what stops it take each other's place, and so the focus.
  const follow = useCallback((button: HTMLButtonElement | null) => {
    if (running.current && isFree(document.activeElement)) button?.focus();
  }, []);

  async function exportAs({ format, type }: (typeof FORMATS)[number]): Promise<void> {
    const stopping = new AbortController();
    running.current = stopping;
    const parts: BlobPart[] = [];
    let length = 0;
    setBytes(0);
    try {
      for await (const chunk of postern.audit.export(format, filters, { signal: stopping.signal })) {
        parts.push(chunk as Uint8Array<ArrayBuffer>);
        length += chunk.length;
        setBytes(length);
      }
      download(new Blob(parts, { type }), `audit-events-${new Date().toISOString().slice(0, 10)}.${format}`);
      say(`Exported ${sizeText(length)}.`);
    } catch (error) {
      if (!stopping.signal.aborted) alarm(`The export broke off; nothing was saved. ${sentenceOf(error as Error)}`);
    } finally {
      setBytes(null);
    }
  }

  if (bytes !== null) {
    return (
      <Button ref={follow} onClick={() => running.current?.abort()}>
        <span role="status">Exporting… {sizeText(bytes)}</span>&nbsp;· Stop
      </Button>
    );
  }
  return (
    <Menu position="bottom-end" returnFocus>
      <Menu.Target>
        <Button ref={follow} rightSection={<IconChevronDown size={14} stroke={1.5} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((each) => (
          <Menu.Item key={each.format} onClick={() => exportAs(each)}>
            {each.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
