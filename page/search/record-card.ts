import { el } from "../dom.js";
import { clip } from "../format.js";
import { fieldsMax, valueCharactersMax } from "../limits.js";
import { rawRecord } from "./raw-record.js";

/** Any record: its fields and their values. */
export function recordCard(value: unknown, line: string): HTMLElement {
  const isObject = typeof value === "object" && value !== null;
  const fields = isObject ? Object.entries(value) : [];
  const rows = fields
    .slice(0, fieldsMax)
    .flatMap(([name, field]) => [
      el("dt", { dir: "auto" }, clip(name, valueCharactersMax)),
      valueCell(field),
    ]);
  const rest = fields.length - fieldsMax;
  return el(
    "article",
    { class: "card" },
    rows.length === 0
      ? el("p", { dir: "auto" }, clip(line, valueCharactersMax))
      : el("dl", { class: "pairs" }, ...rows),
    rest > 0 ? el("p", { class: "faint" }, `and ${rest} more fields`) : null,
    rawRecord(line),
  );
}

function valueCell(value: unknown): HTMLElement {
  if (value === null || value === "") return el("dd", { class: "faint" }, value === null ? "null" : "empty");
  const isPlain = typeof value !== "object";
  const text = isPlain ? String(value) : JSON.stringify(value);
  return el("dd", { dir: "auto", class: isPlain ? "" : "nested" }, clip(text, valueCharactersMax));
}
