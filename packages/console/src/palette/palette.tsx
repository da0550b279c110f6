export function Palette({ className }: { readonly className: string | undefined }) {
  return (
    <button type="button" className={className}>
      <span>Search or jump to…</span>
      <kbd>Ctrl K</kbd>
    </button>
  );
}
