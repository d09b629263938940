import { el } from "../dom.js";
import { clip, formatBytes } from "../format.js";
import { rawCharactersMax } from "../limits.js";

/** The record as the store has it, behind a disclosure; its text is made when it is opened. */
export function rawRecord(line: string): HTMLElement {
  const text = el("pre", { dir: "ltr", tabindex: 0 });
  const details = el(
    "details",
    { class: "raw" },
    el("summary", {}, `Raw JSON, ${formatBytes(line.length)}`),
    text,
  );
  details.addEventListener("toggle", () => {
    if (details.open && text.textContent === "") text.textContent = clip(laidOut(line), rawCharactersMax);
  });
  return details;
}

/**
 * With line breaks where that changes nothing else: numbers that a browser would round stay as they were
 * written.
 */
function laidOut(line: string): string {
  try {
    const value: unknown = JSON.parse(line);
    return JSON.stringify(value) === line ? JSON.stringify(value, null, 2) : line;
  } catch {
    return line;
  }
}
