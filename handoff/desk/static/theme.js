// Runs before the first paint, so that a dark desk never flashes white.
(() => {
  const chosen = localStorage.getItem("tellonce-theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = localStorage.getItem("tellonce-theme") || (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
  };
  system.addEventListener("change", apply);
  document.addEventListener("tellonce:theme", () => {
    const now = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("tellonce-theme", now);
    apply();
  });
  if (chosen || system.matches) apply();
  else document.documentElement.dataset.theme = "light";
})();
