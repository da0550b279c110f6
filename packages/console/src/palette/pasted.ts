import { type ClipboardEvent, useEffect, useState } from 'react';
import { type HeldSecret, holdSecret } from '../part/held-secret.ts';

const VALUE = /\bpst_[0-9A-Za-z]{49}(?![0-9A-Za-z])/;
/** What may be a value that was not copied whole; it is none of anybody's business either. */
const PIECE = /\bpst_[0-9A-Za-z]{6}/;
/** The hint is the last four characters before the six of the checksum. */
const HINT_START = -10;
const HINT_END = -6;

/** A token value that was put into the search: recognized here, held apart from everything, and sent nowhere. */
export interface PastedValue {
  readonly secret: HeldSecret;
  /** The last four characters, by which the token can be found. */
  readonly hint: string;
}

export interface Pasted {
  readonly pasted: PastedValue | null;
  /** There was one, and not the whole of it: nothing of it is kept. */
  readonly isPiece: boolean;
  /** What stands in the field for a value in this text; null where there is none. */
  take(text: string): string | null;
  /** Before the text reaches the field, which would remember it for its undo. */
  readonly onPaste: (event: ClipboardEvent) => void;
}

/** `onTaken` is told what stands for a value that was pasted. */
export function usePasted(onTaken: (placeholder: string) => void): Pasted {
  const [pasted, setPasted] = useState<PastedValue | null>(null);
  const [isPiece, setPiece] = useState(false);
  useEffect(() => () => pasted?.secret.forget(), [pasted]);

  function take(text: string): string | null {
    const value = VALUE.exec(text)?.[0];
    const piece = value === undefined && PIECE.test(text);
    setPiece(piece);
    if (value === undefined) {
      setPasted(null);
      return piece ? '' : null;
    }
    const hint = value.slice(HINT_START, HINT_END);
    setPasted({ secret: holdSecret(value), hint });
    return `…${hint}`;
  }

  return {
    pasted,
    isPiece,
    take,
    onPaste(event) {
      const placeholder = take(event.clipboardData.getData('text'));
      if (placeholder === null) return;
      event.preventDefault();
      onTaken(placeholder);
    },
  };
}
