const DAY_MS = 86_400_000;

/** The time so many days of 24 hours from now, as the API writes times: `expiresAt: inDays(90)`. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}
