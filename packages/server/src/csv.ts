/** Comma-separated values (RFC 4180), to be opened by spreadsheets without being obeyed by them. */

/** What a spreadsheet would take for a formula, whatever space stands before it; full-width signs, too. */
const FORMULA = /^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
/** The same within a text, where a spreadsheet takes another sign than the comma for what separates cells: it minds no quotes then. */
const FORMULA_WITHIN = /(?<=[;\t\r\n])(?=[\s\ufeff"]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** One line, its end included. What would be a formula has an apostrophe in front, which makes it text. */
export function toCsvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => toCell(cell ?? '')).join(',')}\r\n`;
}

function toCell(text: string): string {
  const within = text.replaceAll(FORMULA_WITHIN, "'");
  const inert = FORMULA.test(text) ? `'${within}` : within;
  return /[",;\t\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
