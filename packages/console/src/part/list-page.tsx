import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Fragment, type ReactNode } from 'react';
import { Page } from '../shell/page.tsx';
import type { EditDialogs, EditQuestion, Shown } from './edit-menu.tsx';
import { Empty } from './empty.tsx';
import { AskAdmin } from './forbidden.tsx';
import classes from './list.module.css';
import { ListBody } from './list-body.tsx';
import type { RowHeight } from './long-table.tsx';
import type { Pages } from './pages.ts';
import { type AskedOf, useAskedOf } from './row-menu.tsx';
import { SearchField } from './search-field.tsx';
import type { Column } from './table.tsx';

interface ListPageProps<Item> {
  readonly title: string;
  readonly lead: string;
  /** "group", and "groups" for what is said about them. */
  readonly noun: string;
  readonly nouns: string;
  readonly mayAdd: boolean;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly pages: Pages<Item>;
  readonly columns: readonly Column[];
  /** A `Row`, memoized. */
  readonly row: (item: Item, ask: AskedOf<Item, EditQuestion>['ask']) => ReactNode;
  /** What its menu asks for. */
  readonly dialogs: (item: Item, shown: EditDialogs) => ReactNode;
  readonly height: RowHeight<Item>;
  /** What they are for, where there is none. */
  readonly empty: string;
  /** How the first is made from a terminal. */
  readonly command: string;
  readonly addDialog: (shown: Shown) => ReactNode;
}

/** All things of one kind that have names: to be searched, added to, changed and deleted. */
export function ListPage<Item extends { readonly id: string }>(props: ListPageProps<Item>) {
  const { noun, nouns, mayAdd, search, onSearch, pages, columns, row, height, empty, command } = props;
  const [opened, { open, close }] = useDisclosure(false);
  const { asked, item, ask, close: closeAsked } = useAskedOf<Item, EditQuestion>();
  return (
    <Page
      title={props.title}
      lead={props.lead}
      actions={
        mayAdd && (
          <Button variant="filled" onClick={open}>
            Add {noun}
          </Button>
        )
      }
    >
      <search className={classes.filters}>
        <SearchField value={search} onSearch={onSearch} />
      </search>
      <ListBody
        what={nouns}
        caption={props.title}
        columns={columns}
        pages={pages}
        onClear={search === '' ? undefined : () => onSearch('')}
        row={(each) => row(each, ask)}
        height={height}
        empty={
          mayAdd ? (
            <Empty action={<Button onClick={open}>Add {noun}</Button>} command={command}>
              {empty}
            </Empty>
          ) : (
            <Empty>
              You are in no {noun} yet. <AskAdmin />
            </Empty>
          )
        }
      />
      {item && <Fragment key={item.id}>{props.dialogs(item, { asked, onClose: closeAsked })}</Fragment>}
      {props.addDialog({ opened, onClose: close })}
    </Page>
  );
}
