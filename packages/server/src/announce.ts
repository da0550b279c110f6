/** The first line says that it is ready; a link follows, for as long as nobody is there. */
export function announce(url: string, link: string | null): void {
  const lines = [`Postern is listening on ${url}`];
  if (link !== null) {
    lines.push(
      '',
      'Nobody is here yet. Open this link in a browser to become the admin; it works once, within an hour:',
      '',
      `  ${link}`,
      '',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
