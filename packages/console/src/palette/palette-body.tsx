import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Failure } from '../part/failure.tsx';
import { useMay } from '../shell/me.ts';
import { ACTIONS, type Found, PAGES, search } from './find.ts';
import classes from './palette.module.css';
import { usePasted } from './pasted.ts';
import { ReportLeak } from './report-leak.tsx';

/** What is found by what is typed; a token that is pasted is looked for by its visible part alone. */
export function PaletteBody({ onClose }: { readonly onClose: () => void }) {
  const router = useRouter();
  const mayRead = useMay('service_account.read');
  const [text, setText] = useState('');
  /** The key of what somebody went to; null: nobody has chosen, and it is the first. */
  const [chosen, setChosen] = useState<string | null>(null);
  const [wanted] = useDebouncedValue(text.trim(), 150);
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  // Where it arrives after its window, the window has given its focus already.
  useEffect(() => input.current?.focus(), []);
  const { pasted, isPiece, take, onPaste } = usePasted(setText);
  const hint = pasted?.hint;
  const remote = useQuery({
    queryKey: hint === undefined ? ['palette', 'text', wanted] : ['palette', 'hint', hint],
    queryFn: ({ signal }) => search(hint === undefined ? { text: wanted } : { hint }, signal),
    enabled: mayRead && (hint !== undefined || wanted.length > 1),
    placeholderData: (before) => before,
    refetchInterval: false,
  });
  const mayCreate = useMay('service_account.create');
  const local = [...PAGES, ...(mayCreate ? ACTIONS : [])].filter(({ label }) =>
    label.toLowerCase().includes(text.trim().toLowerCase()),
  );
  const found: readonly Found[] =
    hint === undefined ? [...local, ...(wanted.length > 1 ? (remote.data ?? []) : [])] : (remote.data ?? []);
  // By its key: others may come before it meanwhile, and what is no more is not taken for another.
  const current = chosen === null ? 0 : found.findIndex(({ key }) => key === chosen);

  function go(item: Found | undefined): void {
    if (!item) return;
    onClose();
    void router.navigate({ href: item.href });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      const next = current < 0 ? 0 : (current + step + found.length) % found.length;
      setChosen(found[next]?.key ?? null);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      go(found[current]);
    }
  }

  return (
    <div className={classes.body}>
      <input
        ref={input}
        className={classes.input}
        value={text}
        onChange={(event) => {
          const written = event.currentTarget.value;
          setText(take(written) ?? written);
          setChosen(null);
        }}
        onPaste={onPaste}
        onKeyDown={onKeyDown}
        placeholder="Accounts, people, groups, workspaces, tokens, pages…"
        aria-label="Search or jump to"
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={found[current] ? `${listId}-${current}` : undefined}
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        data-autofocus
      />
      {hint !== undefined && (
        <p className={classes.note} role="status">
          A token ending in <code>…{hint}</code>. It was not sent anywhere.{' '}
          {remote.data?.length === 0 && 'No token of this organization ends like that.'}
        </p>
      )}
      {isPiece && (
        <p className={classes.note} role="status">
          That was a piece of a token value. It was not sent anywhere, and is not kept: paste the whole value.
        </p>
      )}
      {pasted && (
        <div className={classes.leak}>
          <ReportLeak key={pasted.hint} pasted={pasted} onReported={onClose} />
        </div>
      )}
      <div role="listbox" id={listId} aria-label="Results" className={classes.list} ref={list}>
        {found.map((item, index) => (
          <div
            key={item.key}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            className={classes.option}
            onMouseMove={() => setChosen(item.key)}
            onClick={() => go(item)}
            onKeyDown={onKeyDown}
          >
            <bdi>{item.label}</bdi>
            <span className="meta">{item.kind}</span>
          </div>
        ))}
      </div>
      {remote.error && (
        <div className={classes.note}>
          <Failure what="results" error={remote.error} retry={remote.refetch} />
        </div>
      )}
      {hint === undefined && found.length === 0 && !remote.error && (
        <p className={classes.note} role="status">
          {remote.isFetching ? 'Searching…' : 'Nothing by that name.'}
        </p>
      )}
    </div>
  );
}
