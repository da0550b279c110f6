import { Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { IconButton } from './icon-button.tsx';
import { alarm } from './toast.ts';

/** Copies an id or a command. */
export function Copy({ text, label }: { readonly text: string; readonly label: string }) {
  const [copied, setCopied] = useState(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      alarm('This browser does not let the page copy. Select the text, and press Ctrl/⌘ C.');
    }
  }
  const Icon = copied ? IconCheck : IconCopy;
  return (
    <Tooltip label={copied ? 'Copied' : label}>
      <IconButton aria-label={copied ? `${label}: copied` : label} onClick={copy} onBlur={() => setCopied(false)}>
        <Icon size={15} stroke={1.5} />
      </IconButton>
    </Tooltip>
  );
}
