import { el, setText } from "../dom.js";

/**
 * A command that can be copied. Without a clipboard (no HTTPS, another host) its text is selected instead.
 */
export function copyLine(command: string): HTMLElement {
  const code = el("code", { class: "command-text" }, command);
  const button = el("button", { type: "button", class: "quiet" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      setText(button, "Copied");
      setTimeout(() => setText(button, "Copy"), 2000);
    } catch {
      getSelection()?.selectAllChildren(code);
    }
  });
  return el("div", { class: "command" }, code, button);
}
