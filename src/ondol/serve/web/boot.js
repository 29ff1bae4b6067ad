// Runs before the first paint, so that the chosen theme and language never flash.
try {
  const theme = localStorage.getItem("ondol.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const chosen = localStorage.getItem("ondol.language");
  const language = chosen === "ko" || chosen === "en" ? chosen : navigator.language;
  document.documentElement.lang = /^ko\b/i.test(language) ? "ko" : "en";
} catch {
  // Storage is closed to this page: the defaults hold.
}
