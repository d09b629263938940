import { dirname, resolve } from "node:path";
import {
  appendAll,
  assert,
  sqliteAloneBytesMax,
  sqliteAloneChunkBytesMin,
  WriterLock,
} from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import {
  type AfterLoad,
  type Applied,
  addRowCounts,
  type CheckpointJson,
  noRowCounts,
  type RowBatch,
  type SealedState,
  TableTargetSession,
  type TargetOpenOptions,
} from "../../ports/index.js";
import { entityTables, type RowForm, type TablePlan } from "../../tables/index.js";
import { type AfterStep, afterSteps } from "./after-load.js";
import { asDatabaseCondition } from "./conditions.js";
import { Connection } from "./connection.js";
import { quoted, type SqliteDriver } from "./driver.js";
import { EntityWriter } from "./entity-writer.js";
import { makeTables } from "./make-tables.js";
import { deletionsName, remembersDeletions } from "./schema.js";
import { Staging } from "./staging.js";
import { StateTable } from "./state-table.js";

export interface SqliteOptions {
  name: string;
  path: string;
  /** A table that is there already; null to have tables made. */
  table: string | null;
  driver: SqliteDriver;
}

/** The one writer of a database. Rows are applied as they come; a chunk is one transaction. */
export class SqliteSession extends TableTargetSession {
  override readonly mapping: CompiledMapping;
  override readonly tables: TablePlan;
  override readonly afterSteps: readonly string[];
  override readonly runsDir: string;
  protected override readonly _rowForm: RowForm;
  readonly #name: string;
  readonly #lock: WriterLock;
  readonly #connection: Connection;
  readonly #state: StateTable;
  readonly #steps: readonly AfterStep[];
  /** By the number of the table. */
  readonly #writers: Map<number, EntityWriter>;
  #bytesCommitted = 0;
  /** A database of our own making is to be shared before the next rows. */
  #isShareDue = false;

  constructor({ name, path, table, driver }: SqliteOptions, options: TargetOpenOptions) {
    super();
    this.#name = name;
    this.runsDir = dirname(resolve(path));
    let connection: Connection | null = null;
    let lock: WriterLock | null = null;
    let staging: Staging | null = null;
    try {
      lock = WriterLock.acquire(`${path}.plimsoll-lock`, path);
      connection = new Connection({
        path,
        driver,
        cacheBytes: options.mappedBytes + options.transactionBytes,
      });
      this.#state = new StateTable(connection, table);
      const made = makeTables(connection, this.#state, name, table, options.mergeMapping);
      this.mapping = made.mapping;
      this.tables = made.plan;
      this.#steps = made.isAdopted ? [] : afterSteps(made.plan);
      if (made.isAdopted) connection.exec("PRAGMA foreign_keys = ON");
      staging = Staging.open(connection, this.tables);
    } catch (error) {
      connection?.close();
      lock?.[Symbol.dispose]();
      throw asDatabaseCondition(error, name);
    }
    this.#lock = lock;
    this.#connection = connection;
    this.afterSteps = this.#steps.map((step) => step.name);
    this._rowForm = staging === null ? "tuples" : "leaf";
    const writers = entityTables(this.tables).map((one) => {
      return [one.number, new EntityWriter(this.#connection, one, this.tables, staging)] as const;
    });
    this.#writers = new Map(writers);
  }

  protected override async _checkpoint(): Promise<CheckpointJson | null> {
    return this.#state.read("checkpoint");
  }

  protected override async _finished(importId: string): Promise<CheckpointJson | null> {
    return this.#state.read(`finished:${importId}`);
  }

  protected override async _apply({ place, pages }: RowBatch): Promise<Applied> {
    const applied: Applied = { counts: noRowCounts(), rejects: [] };
    return this.#work(() => {
      if (this.#isShareDue) this.#connection.share();
      this.#isShareDue = false;
      this.#connection.begin();
      for (const [number, writer] of this.#writers) {
        if (!pages.some(({ table }) => table === number)) continue;
        const { counts, rejects } = writer.apply(place, pages);
        addRowCounts(applied.counts, counts);
        appendAll(applied.rejects, rejects);
      }
      for (const { rowBytes } of pages) this.bytesWritten += rowBytes;
      return applied;
    });
  }

  /** Nothing waits: rows are applied as they come. */
  protected override async _settle(): Promise<Applied> {
    return { counts: noRowCounts(), rejects: [] };
  }

  protected override async _commit(checkpoint: CheckpointJson): Promise<void> {
    this.#work(() => {
      this.#connection.begin();
      this.#state.write("checkpoint", checkpoint);
      this.#connection.commit();
      this.#noteChunk(this.bytesWritten - this.#bytesCommitted);
    });
  }

  /** Small chunks cost less in a log, and who waits for a long import may want to look at it. */
  #noteChunk(bytes: number): void {
    const isLong = this.bytesWritten >= sqliteAloneBytesMax;
    if (bytes > 0) this.#isShareDue = isLong || bytes < sqliteAloneChunkBytesMin;
    this.#bytesCommitted = this.bytesWritten;
  }

  protected override async _afterLoad(name: string): Promise<AfterLoad> {
    const step = this.#steps.find((one) => one.name === name);
    assert(step !== undefined, "a step has a name of its own");
    return this.#work(() => {
      this.#connection.begin();
      return { isDone: true, danglingLinks: step.run(this.#connection) };
    });
  }

  /** Rows of tables that the unfinished import made are its own; those in others stay. */
  protected override async _forget(): Promise<void> {
    this.#work(() => {
      this.#connection.begin();
      const created: string[] = JSON.parse(this.#state.read("created") ?? "[]");
      const tables = this.tables.tables.filter(({ name }) => created.includes(name));
      for (const table of tables.reverse()) {
        this.#connection.exec(`DELETE FROM ${quoted(table.name)}`);
        if (table.kind !== "entity" || !remembersDeletions(table)) continue;
        this.#connection.exec(`DELETE FROM ${quoted(deletionsName(table))}`);
      }
      this.#state.write("checkpoint", null);
      this.#connection.commit();
    });
  }

  protected override async _publish(
    sealed: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void> {
    this.#work(() => {
      this.#connection.begin();
      this.#state.write("checkpoint", null);
      this.#state.write("created", null);
      this.#state.write("last", JSON.stringify(sealed.lastImport));
      if (note !== null) this.#state.write(`finished:${importId}`, note);
      this.#connection.commit();
      this.#connection.flush();
    });
  }

  protected override async _close(): Promise<void> {
    this.#connection.close();
    this.#lock[Symbol.dispose]();
  }

  #work<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asDatabaseCondition(error, this.#name);
    }
  }
}
