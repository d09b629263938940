import { setImmediate as nextTurn } from "node:timers/promises";
import { walkStepEntries } from "../../kernel/index.js";
import { ChangeBatch } from "./change-batch.js";
import { isPrivate, listDatabases, shadowPrefix } from "./database-list.js";
import type { ApplicationEnvironment } from "./environment.js";
import { HeaderWalk } from "./header-walk.js";
import { type CompareKeys, keyOrderOf } from "./key-order.js";
import { type MainWalk, shadowFlagsOf, walkMain } from "./main-walk.js";
import { checkShadowed } from "./merge-snapshot.js";
import type { TreeHead } from "./page-layout.js";
import { writeLocal } from "./write-changes.js";

export interface LocalChangesOptions {
  signal: AbortSignal;
  /** The time that changes get. */
  timestampNano: bigint;
  /** That of keys without a shadow: 1 at the start, so that what others know wins over what was found. */
  unknownNano?: bigint;
}

/**
 * Takes into the shadows what the application has changed since they were made, tombstones for what it has
 * removed. The difference is found without a lock and written key by key as it is then. How many entries have
 * changed.
 */
export async function mainToShadow(
  environment: ApplicationEnvironment,
  options: LocalChangesOptions,
): Promise<number> {
  const { path } = environment.file;
  const flags = new Map<string, number>();
  {
    using state = environment.hold();
    const trees = listDatabases(environment.pages, state.meta, path);
    for (const [name, tree] of trees) {
      if (isPrivate(name)) continue;
      checkShadowed(path, name, tree.flags);
      flags.set(name, tree.flags);
      if (!trees.has(shadowPrefix + name)) environment.create(shadowPrefix + name, shadowFlagsOf(tree.flags));
    }
  }
  const batch = new ChangeBatch(0);
  let changed = 0;
  for (const name of flags.keys()) changed += await takeDatabase(environment, name, batch, options);
  return changed;
}

async function takeDatabase(
  environment: ApplicationEnvironment,
  name: string,
  batch: ChangeBatch,
  { signal, timestampNano, unknownNano = timestampNano }: LocalChangesOptions,
): Promise<number> {
  const target = { environment, name, keptName: shadowPrefix + name };
  let changed = 0;
  let from: Buffer | null = null;
  for (let isDone = false; !isDone; ) {
    signal.throwIfAborted();
    batch.clear();
    {
      using state = environment.hold();
      const trees = listDatabases(environment.pages, state.meta, environment.file.path);
      const difference = new Difference(environment, name, trees);
      from = await difference.collect(from, batch, signal);
      isDone = from === null;
    }
    if (batch.count === 0) continue;
    changed += environment.write((meta) => writeLocal(target, batch, meta, timestampNano, unknownNano));
    await environment.giveBackPages();
  }
  return changed;
}

const noBytes = new Uint8Array(0);
const noTime = { timestampNano: 0n, isDeleted: false };
const emptyTree: TreeHead = { flags: 0, depth: 0, pages: 0, entries: 0, root: -1 };

/** The keys at which a database and its shadow differ, in a state that is held. */
class Difference {
  readonly #main: MainWalk;
  readonly #shadow: HeaderWalk;
  readonly #order: CompareKeys;

  constructor(environment: ApplicationEnvironment, name: string, trees: Map<string, TreeHead>) {
    const { pages } = environment;
    const mainTree = trees.get(name) ?? emptyTree;
    const shadowTree = trees.get(shadowPrefix + name) ?? emptyTree;
    this.#order = keyOrderOf(shadowFlagsOf(mainTree.flags));
    this.#main = walkMain(pages, mainTree, name);
    this.#shadow = new HeaderWalk(pages, shadowPrefix + name, shadowTree, this.#order);
  }

  /** From behind a key on; gives the last key that was looked at, or null at the end. */
  async collect(from: Buffer | null, batch: ChangeBatch, signal: AbortSignal): Promise<Buffer | null> {
    let isInMain = from === null ? this.#main.next() : this.#main.findBehind(from);
    let isInShadow = from === null ? this.#shadow.next() : this.#shadow.findBehind(from);
    for (let count = 1; isInMain || isInShadow; count += 1) {
      if (!batch.hasRoomFor(0)) return Buffer.from(batch.key(batch.count - 1));
      const side = isInMain && isInShadow ? this.#compare() : isInMain ? -1 : 1;
      if (side < 0) this.#add(this.#main.key, batch);
      else if (side > 0 && !this.#shadow.isDeleted) this.#add(this.#shadow.key, batch);
      else if (side === 0 && !this.#isSame()) this.#add(this.#shadow.key, batch);
      if (side <= 0) isInMain = this.#main.next();
      if (side >= 0) isInShadow = this.#shadow.next();
      if (count % walkStepEntries !== 0) continue;
      await nextTurn();
      signal.throwIfAborted();
    }
    return null;
  }

  #compare(): number {
    const { key } = this.#main;
    const other = this.#shadow.key;
    return this.#order(key, 0, key.length, other, 0, other.length);
  }

  #isSame(): boolean {
    if (this.#shadow.isDeleted) return false;
    return Buffer.compare(this.#main.value, this.#shadow.value) === 0;
  }

  /** Only the key: what is there then decides. */
  #add(key: Uint8Array, batch: ChangeBatch): void {
    batch.add(key, noBytes, noTime, this.#shadow.leafPage);
  }
}
