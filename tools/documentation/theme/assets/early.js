// @ts-check
// The theme chosen on the pages of the program holds here, too; where they are under a path, so are these.
{
  const root = location.pathname.replace(/\/docs(\/.*)?$/, "");
  try {
    const theme = localStorage.getItem(`${root}parley:theme`);
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; then the system's theme holds.
  }
}
