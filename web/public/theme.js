// Before the first paint, so that nobody is flashed by the other theme.
try {
  const theme = localStorage.getItem('limpid.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme it is then.
}
