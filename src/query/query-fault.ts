import { PlimsollError } from "../kernel/index.js";

/** A fault in what was asked: where it stands, what is wrong there, and what to write in its place. */
export function queryFault(path: string, what: string, mend: string): PlimsollError {
  return new PlimsollError("QUERY_INVALID", { path: path === "" ? "the filter" : path, what, mend });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `a, b and c` for messages. */
export function listText(names: string[]): string {
  return names.length < 2 ? (names[0] ?? "none") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
