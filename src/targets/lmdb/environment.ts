import { createRequire } from "node:module";
import type { Database, RootDatabase } from "lmdb";
import { collectGarbage, reopensPerCollection } from "../../kernel/index.js";
import { EnvironmentGate } from "./environment-gate.js";

// The package's CommonJS form is one file where the other is a dozen modules: 1.5 MiB less of the line. It is
// loaded with the first store: imports into databases have none.
const require = createRequire(import.meta.url);
const lmdb = () => require("lmdb") as typeof import("lmdb");

type Table = Database<Buffer, Buffer>;

export const tableNames = ["meta", "records", "columns", "postings", "keys", "places", "filters"] as const;
export type TableName = (typeof tableNames)[number];
export type Tables = Record<TableName, Table>;

export interface EnvironmentOptions {
  isReadOnly: boolean;
  /** Whether all of the store will be read, in order. */
  isReadWhole?: boolean;
  /** Of a reader within the process of a writer: the writer wants to be alone for a moment. */
  onWanted?: () => void;
}

/**
 * The LMDB environment of one process. Its mapped pages count as resident memory and are given back only by
 * closing it, which takes a millisecond or two: `reopen` is how the line is kept.
 */
export class Environment {
  readonly #dir: string;
  readonly #options: EnvironmentOptions;
  #root: RootDatabase<Buffer, Buffer>;
  #tables: Tables;
  #reopened = 0;
  /** Lets go of the gate, for a reader that went through it. */
  #leave: () => void;

  constructor(dir: string, options: EnvironmentOptions, leave: () => void = () => {}) {
    this.#dir = dir;
    this.#options = options;
    this.#leave = leave;
    this.#root = openRoot(dir, options);
    this.#tables = openTables(this.#root);
  }

  get root(): RootDatabase<Buffer, Buffer> {
    return this.#root;
  }

  get tables(): Tables {
    return this.#tables;
  }

  /** Stores that were made before there were filters have no such table, until they are written. */
  get hasFilters(): boolean {
    return (this.#tables.filters as Table | undefined) !== undefined;
  }

  async reopen(): Promise<void> {
    const { isReadOnly, onWanted } = this.#options;
    if (isReadOnly && onWanted === undefined) return this.#reopenNow();
    const gate = EnvironmentGate.of(this.#dir);
    if (!isReadOnly) return gate.alone(() => this.#reopenNow());
    await this.close();
    // With all others outside for a moment: their maps are the same one.
    await gate.alone(async () => {});
    this.#leave = await gate.enter(onWanted!);
    this.#open();
  }

  async close(): Promise<void> {
    await this.#root.close();
    this.#leave();
  }

  async #reopenNow(): Promise<void> {
    await this.#root.close();
    this.#reopened += 1;
    // A closed environment is some 300 KiB of garbage outside the heap, which V8 is in no hurry to collect.
    if (this.#reopened % reopensPerCollection === 0) collectGarbage();
    this.#open();
  }

  #open(): void {
    this.#root = openRoot(this.#dir, this.#options);
    this.#tables = openTables(this.#root);
  }
}

function openRoot(
  dir: string,
  { isReadOnly, isReadWhole }: EnvironmentOptions,
): RootDatabase<Buffer, Buffer> {
  const options = {
    path: dir,
    // Said outright: a folder whose name has a dot in it is taken for a file else.
    noSubdir: false,
    readOnly: isReadOnly,
    maxDbs: tableNames.length,
    encoding: "binary" as const,
    keyEncoding: "binary" as const,
    // Read-ahead would map pages that nobody asked for, unless all of them will be.
    noReadAhead: isReadWhole !== true,
    // A commit that has returned is on the disk: data and checkpoint must not part.
    overlappingSync: false,
    // Batches of an event turn make promises of their own, whose failure nobody can catch.
    eventTurnBatching: false,
    cache: false,
  };
  return lmdb().open<Buffer, Buffer>(options);
}

function openTables(root: RootDatabase<Buffer, Buffer>): Tables {
  const tables = tableNames.map((name) => [
    name,
    root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary", cache: false }),
  ]);
  return Object.fromEntries(tables) as Tables;
}
