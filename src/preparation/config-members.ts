import { suggestionText } from "../model/index.js";
import type { ConfigNode } from "./config-tree.js";

/** Reads one member of a configuration; null for one that is left out. Notes are told to people. */
export type Member<T> = (node: ConfigNode | null, notes: string[]) => T;

type Members = Record<string, Member<unknown>>;
type Read<M extends Members> = { [Name in keyof M]: ReturnType<M[Name]> };

/** A map with these members and no others. */
export function object<M extends Members>(members: M): Member<Read<M>> {
  return (node, notes) => {
    const entries = node === null ? new Map<string, ConfigNode>() : entriesOf(node);
    for (const [name, entry] of entries) {
      if (Object.hasOwn(members, name)) continue;
      throw entry.fault(`is no setting${suggestionText(name, Object.keys(members))}`);
    }
    const read = Object.entries(members).map(([name, member]) => [
      name,
      member(entries.get(name) ?? null, notes),
    ]);
    return Object.fromEntries(read) as Read<M>;
  };
}

/** A map whose names are the user's. */
export function mapOf<T>(member: Member<T>): Member<Map<string, T>> {
  return (node, notes) => {
    const entries = node === null ? [] : [...entriesOf(node)];
    return new Map(entries.map(([name, entry]) => [name, member(entry, notes)]));
  };
}

export function text<D extends string | null>(standard: D): Member<string | D> {
  return scalar(standard, "must be a text", (value) =>
    typeof value === "string" || typeof value === "number" ? String(value) || null : null,
  );
}

export function oneOf<C extends string, D extends C | null>(
  choices: readonly C[],
  standard: D,
): Member<C | D> {
  return scalar(standard, `must be one of ${choices.join(", ")}`, (value) =>
    choices.includes(value as C) ? (value as C) : null,
  );
}

export function flag(standard: boolean): Member<boolean> {
  return scalar(standard, "must be true or false", (value) => {
    if (typeof value === "boolean") return value;
    return value === "true" ? true : value === "false" ? false : null;
  });
}

export function number<D extends number | null>(standard: D, least: number): Member<number | D> {
  return scalar(standard, `must be a number, ${least} or more`, (value) => {
    const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof found === "number" && Number.isFinite(found) && found >= least ? found : null;
  });
}

export function count<D extends number | null>(standard: D, least: number): Member<number | D> {
  return scalar(standard, `must be a whole number, ${least} or more`, (value) => {
    const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof found === "number" && Number.isSafeInteger(found) && found >= least ? found : null;
  });
}

/** Milliseconds of a time such as 500ms, 1m30s or 168h; 0 turns off what may be turned off. */
export function duration<D extends number | null>(
  standardMs: D,
  leastMs: number,
  mayBeOff = false,
): Member<number | D> {
  const least = leastMs === 0 ? "" : `, ${leastMs} ms or more${mayBeOff ? ", or 0" : ""}`;
  return scalar(standardMs, `must be a time such as 500ms, 30s, 5m or 168h${least}`, (value) => {
    const ms = value === 0 ? 0 : typeof value === "string" ? parseDuration(value) : null;
    if (ms === null) return null;
    return ms >= leastMs || (mayBeOff && ms === 0) ? ms : null;
  });
}

/** Bytes as the original reads them: `MB` and `M` are 1024 * 1024 there, and sizes of maps must agree. */
export function binaryBytes<D extends number | null>(standard: D): Member<number | D> {
  return scalar(standard, "must be a size such as 1000MB", (value) => {
    const match = /^\s*(\d+)\s*([kmgtp]?)i?b?\s*$/i.exec(String(value));
    if (match === null) return null;
    const power = "kmgtp".indexOf(match[2]!.toLowerCase()) + 1;
    const bytes = Number(match[1]) * 1024 ** (match[2] === "" ? 0 : power);
    return Number.isSafeInteger(bytes) ? bytes : null;
  });
}

/** What has a meaning in other programs, and none here: taken, and said to be without effect. */
export function unused(why: string): Member<null> {
  return (node, notes) => {
    if (node !== null) notes.push(`${node.path} has no effect here: ${why}`);
    return null;
  };
}

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

export function parseDuration(text: string): number | null {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  return [...parts].reduce((sum, [, value, unit]) => sum + Number(value) * unitMs[unit!]!, 0);
}

/** What stands without a value is left out. */
function scalar<T, D extends T | null>(
  standard: D,
  mustBe: string,
  read: (value: unknown) => T | null,
): Member<T | D> {
  return (node) => {
    if (node === null || (node.entries === null && node.value === null)) return standard;
    const found = node.entries === null ? read(node.value) : null;
    if (found === null) throw node.fault(mustBe);
    return found;
  };
}

function entriesOf(node: ConfigNode): ReadonlyMap<string, ConfigNode> {
  if (node.entries !== null) return node.entries;
  if (node.value === null) return new Map();
  throw node.fault("must be a map of settings");
}
