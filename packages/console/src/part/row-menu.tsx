import { Menu } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { type Ref, type RefObject, useCallback, useId, useImperativeHandle, useRef, useState } from 'react';
import { headingAround } from './heading.ts';
import { IconButton } from './icon-button.tsx';

/** Which dialog of a row is open; when it closes, focus goes back to the menu that asked for it. */
export interface Asked<Question extends string> {
  readonly asked: Question | null;
  /** Something was asked at least once: a list has many rows, and no dialogs before. */
  readonly used: boolean;
  readonly trigger: RefObject<HTMLButtonElement | null>;
  ask(question: Question): void;
  close(): void;
}

export function useAsked<Question extends string>(): Asked<Question> {
  const [asked, setAsked] = useState<Question | null>(null);
  const [used, setUsed] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  return {
    asked,
    used,
    trigger,
    ask(question) {
      setUsed(true);
      setAsked(question);
    },
    close() {
      setAsked(null);
      focusLater(() => trigger.current);
    },
  };
}

/** The same for all rows of a list, which share one set of dialogs. */
export interface AskedOf<Item, Question extends string> {
  readonly asked: Question | null;
  /** Whose dialogs they are, or were last; the dialog that closes still speaks of it. */
  readonly item: Item | undefined;
  /** The same at every rendering. Without a trigger, focus will go back to the one before. */
  readonly ask: (question: Question, item: Item, trigger?: RefObject<HTMLButtonElement | null>) => void;
  close(): void;
}

export function useAskedOf<Item, Question extends string>(): AskedOf<Item, Question> {
  const [asked, setAsked] = useState<Question | null>(null);
  const [item, setItem] = useState<Item>();
  const back = useRef<readonly (HTMLElement | null)[]>([]);
  const ask = useCallback<AskedOf<Item, Question>['ask']>((question, of, from) => {
    // Its row may be gone by then.
    if (from?.current) back.current = [from.current, headingAround(from.current)];
    setItem(() => of);
    setAsked(question);
  }, []);
  return {
    asked,
    item,
    ask,
    close() {
      setAsked(null);
      focusLater(() => back.current.find((element) => element?.isConnected));
    },
  };
}

/** The menu has closed meanwhile, and with it what had the focus. */
function focusLater(find: () => HTMLElement | null | undefined): void {
  requestAnimationFrame(() => find()?.focus());
}

export interface RowAction {
  readonly label: string;
  readonly onClick: () => void;
  /** Ends something; it stands below a line. */
  readonly destroys?: boolean;
}

interface RowMenuProps {
  /** Whose actions they are. */
  readonly name: string;
  readonly actions: readonly RowAction[];
  readonly trigger: RefObject<HTMLButtonElement | null>;
  /** Why none of them can be done now; undefined: they can. */
  readonly reason?: string | undefined;
}

/** The overflow menu of a row. A list has many: until one is used it is a button and nothing else. */
export function RowMenu({ name, actions, trigger, reason }: RowMenuProps) {
  const [opened, setOpened] = useState(false);
  const [used, setUsed] = useState(false);
  const id = useId();
  return (
    <>
      <IconButton
        ref={trigger}
        id={`${id}-target`}
        aria-label={`Actions for ${name}`}
        aria-haspopup="menu"
        aria-expanded={opened}
        aria-controls={opened ? `${id}-dropdown` : undefined}
        onClick={() => {
          setUsed(true);
          setOpened(!opened);
        }}
      >
        <IconDotsVertical size={16} stroke={1.5} />
      </IconButton>
      {used && (
        <Menu id={id} opened={opened} onChange={setOpened} returnFocus>
          <Menu.Target>
            <Stand button={trigger} />
          </Menu.Target>
          <Menu.Dropdown>
            {reason !== undefined && <Menu.Label>{reason}</Menu.Label>}
            {actions.map(({ label, onClick, destroys }) => (
              <Menu.Item
                key={label}
                data-tone={destroys ? 'brick' : undefined}
                {...(reason === undefined
                  ? {
                      onClick() {
                        // The row may be gone before the menu has given the focus back.
                        trigger.current?.focus();
                        onClick();
                      },
                    }
                  : { 'aria-disabled': true, 'aria-description': reason, closeMenuOnClick: false })}
              >
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}

/** What a menu takes for its target, where the button was there before the menu. */
function Stand({ button, ref }: { readonly button: RefObject<HTMLButtonElement | null>; readonly ref?: Ref<unknown> }) {
  useImperativeHandle(ref, () => button.current, [button]);
  return null;
}
