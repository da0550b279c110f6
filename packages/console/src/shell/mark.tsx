/** An arched door left ajar. */
export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" focusable="false">
      <path
        d="M5 29V14C5 7.4 9.9 3 16 3s11 4.4 11 11v15"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
      <path d="M10 29V14.5C10 10.4 12.5 8 16 8v21z" fill="currentColor" />
      <path d="M16 8c3.5 0 6 2.4 6 6.5V26" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      <path d="M3 29h26" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
    </svg>
  );
}
