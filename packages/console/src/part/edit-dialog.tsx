import { Button } from '@mantine/core';
import { PreconditionFailed } from '@postern/sdk';
import { type QueryKey, type UseQueryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Dialog } from './dialog.tsx';
import classes from './edit-dialog.module.css';
import type { Fields, Sent } from './fields.ts';
import { Pending } from './pending.tsx';
import { say } from './toast.ts';
import { useUndo } from './undo.tsx';

interface EditDialogProps<Thing, Key extends QueryKey> {
  readonly opened: boolean;
  readonly title: ReactNode;
  /** "this group", for what is said where it cannot be read. */
  readonly what: string;
  readonly query: UseQueryOptions<Thing, Error, Thing, Key>;
  readonly onClose: () => void;
  readonly size?: number;
  readonly children: (thing: Thing) => ReactNode;
}

/** Changes one thing. What is edited is the version that was read for it, not a newer one that arrives meanwhile. */
export function EditDialog<Thing, Key extends QueryKey>({
  opened,
  title,
  onClose,
  size,
  ...rest
}: EditDialogProps<Thing, Key>) {
  return (
    <Dialog opened={opened} title={title} onClose={onClose} {...(size !== undefined && { size })}>
      <Begun {...rest} />
    </Dialog>
  );
}

/** What is known is the version to begin with, unless it is known to have changed since. */
function Begun<Thing, Key extends QueryKey>({
  what,
  query,
  children,
}: Pick<EditDialogProps<Thing, Key>, 'what' | 'query' | 'children'>) {
  const [version, setVersion] = useState<{ readonly thing: Thing } | null>(null);
  const read = useQuery({
    ...query,
    enabled: version === null,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (version !== null) return children(version.thing);
  if (read.data !== undefined && !read.isStale) setVersion({ thing: read.data });
  const { error, refetch } = read;
  return (
    // Until there is a field it has the focus, and not the button that closes.
    <div tabIndex={-1} data-autofocus className={classes.coming}>
      <Pending what={what} query={{ data: undefined, error, refetch }} />
    </div>
  );
}

interface EditOptions<Thing, Values extends object> {
  readonly thing: Thing;
  /** What the form changes of it. */
  readonly valuesOf: (thing: Thing) => Values;
  readonly fields: Fields<Values>;
  /** Saves, over this version only. */
  readonly update: (values: Values, version: Thing) => Promise<Thing>;
  /** Of fields that hold several, how these are called where one of them is refused. */
  readonly sent?: Sent<Values>;
  readonly read: () => Promise<Thing>;
  /** Whatever is shown of such things is asked for again. */
  readonly refresh: () => Promise<unknown>;
  readonly onClose: () => void;
  /** False for what must not be taken back in passing. */
  readonly undoable?: boolean;
}

export interface Edit<Thing> {
  readonly pending: boolean;
  /** What no field is to blame for. */
  readonly error: Error | null;
  /** A newer version, where somebody else has saved one. */
  readonly theirs: Thing | null;
  save(): void;
  /** Saves over the newer version. */
  keepMine(): void;
  takeTheirs(): void;
}

/**
 * Saves what a form says over the version that it began with, so that nobody overwrites unseen; for a while it can be taken
 * back, if nobody has changed it since.
 */
export function useEdit<Thing extends object, Values extends object>(options: EditOptions<Thing, Values>): Edit<Thing> {
  const { thing, valuesOf, fields, update, sent, read, refresh, onClose, undoable = true } = options;
  const undo = useUndo();
  const [theirs, setTheirs] = useState<Thing | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const save = useMutation({
    mutationFn: (version: Thing) => update(fields.values, version),
    onMutate: () => setError(null),
    async onSuccess(saved, version) {
      await refresh();
      onClose();
      if (!undoable) return say('Saved.');
      undo('Saved.', async () => {
        await update(valuesOf(version), saved);
        await refresh();
      });
    },
    async onError(failure) {
      if (!(failure instanceof PreconditionFailed)) return setError(fields.take(failure, sent));
      try {
        setTheirs(await read());
      } catch (unread) {
        setError(unread as Error);
      }
    },
  });
  return {
    pending: save.isPending,
    error,
    theirs,
    save: () => save.mutate(thing),
    keepMine() {
      if (theirs === null) return;
      setTheirs(null);
      save.mutate(theirs);
    },
    takeTheirs() {
      // What is no dialog stays, and shows them.
      setTheirs(null);
      void refresh();
      onClose();
    },
  };
}

/** What a field says, by its label; several as a list. */
export type Facts = Readonly<Record<string, string | readonly string[]>>;

interface ConflictProps {
  readonly what: string;
  readonly mine: Facts;
  readonly theirs: Facts;
  readonly edit: Pick<Edit<unknown>, 'keepMine' | 'takeTheirs'>;
}

/** Both versions, where they differ, and the choice between them. */
export function Conflict({ what, mine, theirs, edit }: ConflictProps) {
  const differing = Object.keys(mine).filter((label) => String(mine[label]) !== String(theirs[label]));
  return (
    <div className="stack" role="alert">
      <p>Somebody changed {what} while you were editing it.</p>
      {differing.length === 0 && <p className="muted">They wrote the same as you.</p>}
      {differing.length > 0 && (
        <table className={classes.versions}>
          <thead>
            <tr className="meta">
              <th scope="col">
                <span className="visually-hidden">Field</span>
              </th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {differing.map((label) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>
                  <bdi>{sideOf(mine[label], theirs[label])}</bdi>
                </td>
                <td>
                  <bdi>{sideOf(theirs[label], mine[label])}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="row">
        <Button onClick={edit.keepMine}>Keep mine</Button>
        <Button variant="filled" onClick={edit.takeTheirs} data-autofocus autoFocus>
          Take theirs
        </Button>
      </div>
    </div>
  );
}

/** Of a list, only what the other side has not. */
function sideOf(here: Facts[string] | undefined, there: Facts[string] | undefined): string {
  if (typeof here === 'string') return here || '—';
  const other = new Set(there);
  const own = (here ?? []).filter((each) => !other.has(each));
  return own.length === 0 ? 'None of these' : own.join(', ');
}
