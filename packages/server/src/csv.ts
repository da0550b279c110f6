/** Comma-separated values (RFC 4180), to be opened by spreadsheets without being obeyed by them. */

/** What a spreadsheet would take for a formula, whatever space stands before it; full-width signs, too. */
const FORMULA = /^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** One line, its end included. Text that would be a formula has an apostrophe in front, which makes it text. */
export function toCsvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => toCell(cell ?? '')).join(',')}\r\n`;
}

function toCell(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
