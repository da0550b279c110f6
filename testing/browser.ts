import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium as playwright } from 'playwright-core';

/** What Chromium needs in a container without a display; none of this switches a protection of pages off. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real Chromium, which npm brought; it unpacks into a folder of its own, which goes with it. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-browser-'));
  // The package reuses whatever it finds in the temporary folder: it gets one where there is nothing.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    const browser = await playwright.launch({
      executablePath: await chromium.executablePath(),
      args: ARGUMENTS,
      env: { ...process.env, HOME: folder },
    } as Parameters<typeof playwright.launch>[0]);
    return Object.assign(browser, {
      async [Symbol.asyncDispose]() {
        await browser.close();
        await rm(folder, { recursive: true, force: true });
      },
    });
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}
