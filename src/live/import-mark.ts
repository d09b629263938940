import type { LiveImport, SealedState } from "../ports/index.js";

/** In front of records in the log: the import that they are of, and how far it is with them. */
export interface ImportMark {
  token: string;
  /** First record of the import, by its number, that comes behind them. */
  nextId: number;
}

/** What a token has left, in the store and above it. */
export function unitedImport(
  token: string,
  { liveImport }: SealedState,
  parts: readonly { imported: LiveImport | null }[],
): LiveImport {
  const all = [liveImport, ...parts.map(({ imported }) => imported)];
  const own = all.flatMap((part) => (part != null && part.token === token ? [part] : []));
  return own.reduce(added, noImport(token));
}

/** Of two stretches of one import; of two imports the later one, since no more than one is unfinished. */
export function joinedImport(before: LiveImport | undefined, after: LiveImport): LiveImport {
  return before?.token === after.token ? added(before, after) : after;
}

/** The import with the outcomes of some more of its records. */
export function withOutcomes(
  before: LiveImport | null,
  { token, nextId }: ImportMark,
  outcomes: readonly { state: keyof LiveImport["counts"] }[],
): LiveImport {
  const counts = { ...noImport(token).counts };
  for (const { state } of outcomes) counts[state] += 1;
  return joinedImport(before ?? undefined, { token, nextId, counts });
}

function noImport(token: string): LiveImport {
  const counts = { stored: 0, replaced: 0, duplicate: 0, superseded: 0, deleted: 0, rejected: 0 };
  return { token, nextId: 0, counts };
}

function added(left: LiveImport, right: LiveImport): LiveImport {
  const counts = { ...left.counts };
  for (const state of Object.keys(counts) as (keyof typeof counts)[]) counts[state] += right.counts[state];
  return { token: left.token, nextId: Math.max(left.nextId, right.nextId), counts };
}
