/** Builds the console and the program where their sources have changed: before whatever starts and serves them. */

await import('./console.ts');
await import('./program.ts');
