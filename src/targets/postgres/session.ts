import type { CompiledMapping } from "../../model/index.js";
import {
  type AfterLoad,
  type Applied,
  type CheckpointJson,
  type RowBatch,
  type SealedState,
  TableTargetSession,
  type TargetOpenOptions,
} from "../../ports/index.js";
import { keyColumns, planTables, type Table, type TablePlan } from "../../tables/index.js";
import type { PostgresAddress } from "./address.js";
import { AfterSteps } from "./after-load.js";
import { ChunkLoader } from "./chunk-loader.js";
import { Connection } from "./connection.js";
import { matchTable } from "./existing-table.js";
import { makeTables } from "./made-tables.js";
import { StateTable } from "./state.js";
import { deletionsName, isEntity, madeTable, remembersDeletions, type StoredTable } from "./stored-table.js";
import { lockWriter } from "./writer-lock.js";

/**
 * What holds within a chunk: the rules of the database are asked row by row and not at the end, and keys are
 * looked up one by one, so that the cost of a record does not grow with the table. Its commit does not wait
 * for the disk: rows and checkpoint are lost together if the server dies right behind it, and the
 * publication, which waits, comes behind them all.
 */
const beginChunk = `BEGIN; SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL synchronous_commit = off;
  SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off`;

interface SessionParts {
  connection: Connection;
  state: StateTable;
  mapping: CompiledMapping;
  plan: TablePlan;
  tables: StoredTable[];
  steps: AfterSteps;
}

/** One writer of a database: a transaction from the first row behind a commit to the next commit. */
export class PostgresSession extends TableTargetSession {
  override readonly mapping: CompiledMapping;
  override readonly tables: TablePlan;
  override readonly afterSteps: readonly string[];
  override readonly runsDir = "";
  readonly #connection: Connection;
  readonly #state: StateTable;
  readonly #loader: ChunkLoader;
  readonly #steps: AfterSteps;
  #isInTransaction = false;
  #areKeysDropped = false;

  private constructor({ connection, state, mapping, plan, steps }: SessionParts, loader: ChunkLoader) {
    super();
    this.#connection = connection;
    this.#state = state;
    this.#loader = loader;
    this.#steps = steps;
    this.mapping = mapping;
    this.tables = plan;
    this.afterSteps = steps.names;
  }

  static async open(address: PostgresAddress, options: TargetOpenOptions): Promise<PostgresSession> {
    const connection = await Connection.open(address);
    try {
      const parts = await prepare(connection, address, options);
      const loader = new ChunkLoader(connection, parts.tables);
      await loader.make();
      return new PostgresSession(parts, loader);
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  protected override async _checkpoint(): Promise<CheckpointJson | null> {
    return this.#state.read("checkpoint");
  }

  protected override async _finished(importId: string): Promise<CheckpointJson | null> {
    return this.#state.read(`finished:${importId}`);
  }

  protected override async _apply(batch: RowBatch): Promise<Applied> {
    await this.#beginChunk();
    const applied = await this.#loader.apply(batch);
    this.bytesWritten = this.#connection.bytesCopied;
    return applied;
  }

  protected override async _settle(): Promise<Applied> {
    await this.#beginChunk();
    const applied = await this.#loader.settle();
    this.bytesWritten = this.#connection.bytesCopied;
    return applied;
  }

  protected override async _commit(checkpoint: CheckpointJson): Promise<void> {
    await this.#begin("BEGIN");
    await this.#state.write("checkpoint", checkpoint);
    await this.#commit();
  }

  protected override async _afterLoad(step: string): Promise<AfterLoad> {
    await this.#begin("BEGIN");
    return this.#steps.run(step);
  }

  protected override async _publish(
    sealed: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void> {
    await this.#begin("BEGIN");
    if (sealed.lastImport !== null) await this.#state.write("last", JSON.stringify(sealed.lastImport));
    if (note !== null) await this.#state.write(`finished:${importId}`, note);
    await this.#state.remove("checkpoint");
    await this.#state.remove("fresh");
    await this.#commit();
  }

  /** Rows of tables that the unfinished import made are its own; those in others stay. */
  protected override async _forget(): Promise<void> {
    await this.#begin("BEGIN");
    await this.#steps.dropForeignKeys();
    const fresh = await this.#state.readNames("fresh");
    const names = this.tables.tables.filter(({ name }) => fresh.has(name)).flatMap(ownNames);
    if (names.length > 0) await this.#connection.run(`TRUNCATE ${names.join(", ")}`);
    await this.#state.remove("checkpoint");
    await this.#commit();
  }

  protected override async _close(): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async #beginChunk(): Promise<void> {
    if (!this.#areKeysDropped) {
      this.#areKeysDropped = true;
      await this.#begin("BEGIN");
      await this.#steps.dropForeignKeys();
      await this.#commit();
    }
    await this.#begin(beginChunk);
  }

  async #begin(sql: string): Promise<void> {
    if (this.#isInTransaction) return;
    await this.#connection.run(sql);
    this.#isInTransaction = true;
  }

  async #commit(): Promise<void> {
    const startedAt = performance.now();
    await this.#connection.run("COMMIT");
    this.waitedSeconds += (performance.now() - startedAt) / 1000;
    this.#isInTransaction = false;
  }
}

/** A table, and what keeps the deletions of its records. */
function ownNames(planned: Table): string[] {
  const table = madeTable(planned, keyColumns(planned));
  return isEntity(table) && remembersDeletions(table) ? [table.name, deletionsName(table)] : [table.name];
}

/** The tables that the import needs are there behind this, or nothing has changed. */
async function prepare(
  connection: Connection,
  address: PostgresAddress,
  options: TargetOpenOptions,
): Promise<SessionParts> {
  const scope = address.table ?? "";
  await lockWriter(connection, scope, address.name);
  await connection.run("BEGIN");
  const state = new StateTable(connection, scope);
  await state.make();
  // A table that was there says itself what it takes, whatever was loaded into it before.
  const stored = address.table === null ? await state.read("mapping") : null;
  const mapping = options.mergeMapping(stored === null ? null : (JSON.parse(stored) as CompiledMapping));
  const planned = planTables(mapping, address.name, { hasListTables: address.table === null });
  const { plan, tables } =
    address.table === null
      ? { plan: planned, tables: await makeTables(connection, state, planned, address.name) }
      : await matchTable(connection, planned, address);
  await state.write("mapping", JSON.stringify(mapping));
  await connection.run("COMMIT");
  // A table that was there keeps the indexes and rules that it has.
  const steps = new AfterSteps(connection, address.table === null ? tables : [], address.name);
  return { connection, state, mapping, plan, tables, steps };
}
