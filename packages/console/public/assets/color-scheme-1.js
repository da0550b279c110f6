// Before the first paint, so that nothing flashes in the other scheme. A file, because the page allows no inline script.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem('postern-color-scheme');
  } catch {
    // Storage is refused: the system's scheme it is.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.mantineColorScheme = dark ? 'dark' : 'light';
}
