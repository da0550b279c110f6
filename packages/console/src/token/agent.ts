/** What calls, without its version and whatever follows: "curl", "Jenkins". Empty where it was not told. */
export function agentName(userAgent: string | null): string {
  return userAgent?.split(/[\s/(]/, 1)[0] ?? '';
}
