import { styleText } from 'node:util';

/** How the walk looks: numbered steps, facts in two columns, calls with their answers. No colour in a pipe, or with NO_COLOR. */

const LABEL_WIDTH = 36;

function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function title(text: string): void {
  console.log(`\n${styled('bold', text)}`);
}

/** The headings of steps, numbered. */
export function createSteps(): (text: string) => void {
  let steps = 0;
  return (text) => {
    steps += 1;
    console.log(`\n${styled('dim', String(steps).padStart(2))}  ${styled('bold', text)}`);
  };
}

export function say(text: string): void {
  console.log(`    ${styled('dim', text)}`);
}

export function fact(label: string, value: string): void {
  console.log(`    ${label.padEnd(LABEL_WIDTH)}${value}`);
}

/** Who called the API, and what it was answered. */
export function call(who: string, answered: string): void {
  const style = answered.startsWith('2') ? 'green' : 'red';
  console.log(`    ${`${who} calls`.padEnd(LABEL_WIDTH)}${styled(style, answered)}`);
}
