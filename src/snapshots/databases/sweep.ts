import { setTimeout as delay } from "node:timers/promises";
import { sweepBatchKeysMax, systemClock, walkStepEntries } from "../../kernel/index.js";
import type { DatabaseSchema } from "../wire/key-order.js";
import { isPrivate, listDatabases, shadowPrefix } from "./database-list.js";
import type { ApplicationEnvironment } from "./environment.js";
import { HeaderWalk } from "./header-walk.js";
import { keyOrderOf } from "./key-order.js";

export interface SweepOptions {
  schema: DatabaseSchema;
  signal: AbortSignal;
  /** Tombstones before this time go; a merge must not bring back any that are older than it. */
  cutoffNano: bigint;
  /** How long the writer's lock is held at most, and how long it is left to others then. */
  lockMs: number;
  releaseMs: number;
}

export interface SweepReport {
  entries: number;
  tombstones: number;
  removed: number;
  transactions: number;
}

/**
 * Removes tombstones that everybody has seen. They are found without a lock; under it each is looked at once
 * more, for the key may have been written again.
 */
export async function sweep(
  environment: ApplicationEnvironment,
  options: SweepOptions,
): Promise<SweepReport> {
  const report: SweepReport = { entries: 0, tombstones: 0, removed: 0, transactions: 0 };
  let names: string[];
  {
    using state = environment.hold();
    names = [...listDatabases(environment.pages, state.meta, environment.file.path).keys()];
  }
  const isSwept = (name: string): boolean =>
    options.schema === "native" ? !isPrivate(name) : name.startsWith(shadowPrefix);
  for (const name of names.filter(isSwept)) await sweepDatabase(environment, name, options, report);
  return report;
}

async function sweepDatabase(
  environment: ApplicationEnvironment,
  name: string,
  options: SweepOptions,
  report: SweepReport,
): Promise<void> {
  let from: Buffer | null = null;
  do {
    options.signal.throwIfAborted();
    const keys: Buffer[] = [];
    from = await findStale(environment, name, from, keys, options, report);
    for (let done = 0; done < keys.length; ) {
      const before = done;
      done = environment.write((meta) => {
        const walk = walkOf(environment, name, listDatabases(environment.pages, meta, environment.file.path));
        return removeStale(environment, name, walk, keys, before, options, report);
      });
      report.transactions += 1;
      await environment.giveBackPages();
      await delay(options.releaseMs, undefined, { signal: options.signal });
    }
  } while (from !== null);
}

/** Stale keys behind a key, as many as are removed at a time; gives the last key that was looked at. */
async function findStale(
  environment: ApplicationEnvironment,
  name: string,
  from: Buffer | null,
  keys: Buffer[],
  { cutoffNano, signal }: SweepOptions,
  report: SweepReport,
): Promise<Buffer | null> {
  using state = environment.hold();
  const walk = walkOf(environment, name, listDatabases(environment.pages, state.meta, environment.file.path));
  let isThere = from === null ? walk.next() : walk.findBehind(from);
  for (; isThere; isThere = walk.next()) {
    report.entries += 1;
    if (report.entries % walkStepEntries === 0) await delay(0, undefined, { signal });
    if (!walk.isDeleted) continue;
    report.tombstones += 1;
    if (walk.timestampNano >= cutoffNano) continue;
    keys.push(Buffer.from(walk.key));
    if (keys.length >= sweepBatchKeysMax) return keys[keys.length - 1]!;
  }
  return null;
}

function removeStale(
  environment: ApplicationEnvironment,
  name: string,
  walk: HeaderWalk,
  keys: readonly Buffer[],
  from: number,
  { cutoffNano, lockMs }: SweepOptions,
  report: SweepReport,
): number {
  const table = environment.table(name);
  const endMs = systemClock.nowMs() + lockMs;
  let at = from;
  // One goes at least, however short the time is.
  do {
    walk.find(keys[at]!);
    if (walk.isThere && walk.isDeleted && walk.timestampNano < cutoffNano) {
      table.removeSync(keys[at]!);
      report.removed += 1;
    }
    at += 1;
  } while (at < keys.length && systemClock.nowMs() < endMs);
  return at;
}

function walkOf(
  environment: ApplicationEnvironment,
  name: string,
  trees: ReturnType<typeof listDatabases>,
): HeaderWalk {
  const tree = trees.get(name) ?? { flags: 0, depth: 0, pages: 0, entries: 0, root: -1 };
  return new HeaderWalk(environment.pages, name, tree, keyOrderOf(tree.flags));
}

/** Removes the shadows, and all else that is kept beside the application's databases. */
export function dropShadows(environment: ApplicationEnvironment): string[] {
  let names: string[];
  {
    using state = environment.hold();
    names = [...listDatabases(environment.pages, state.meta, environment.file.path).keys()].filter(isPrivate);
  }
  for (const name of names) environment.drop(name);
  return names;
}
