import { byId, setText } from "../dom.js";

const key = "plimsoll.theme";
type Theme = "light" | "dark";

/** Follows the system until a person chooses. */
export function startTheme(): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = byId<HTMLButtonElement>("theme");
  const shown = (): Theme => chosenTheme() ?? (system.matches ? "dark" : "light");
  const draw = () => {
    const chosen = chosenTheme();
    if (chosen === null) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    setText(button, shown() === "dark" ? "Light" : "Dark");
    button.setAttribute("aria-label", shown() === "dark" ? "Use light colours" : "Use dark colours");
  };
  button.addEventListener("click", () => {
    const next = shown() === "dark" ? "light" : "dark";
    // The system's own choice needs no memory: the page follows it again.
    if ((next === "dark") === system.matches) localStorage.removeItem(key);
    else localStorage.setItem(key, next);
    draw();
  });
  system.addEventListener("change", draw);
  draw();
}

function chosenTheme(): Theme | null {
  const chosen = localStorage.getItem(key);
  return chosen === "light" || chosen === "dark" ? chosen : null;
}
