import { sqliteSingleBlocksMax, sqliteStagedRowsMin } from "../../kernel/index.js";
import type { PlaceEntry, RowCounts, RowReject } from "../../ports/index.js";
import { noRowCounts } from "../../ports/index.js";
import { type EntityTable, type RowPage, type TablePlan, tombstoneColumns } from "../../tables/index.js";
import { recordFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import type { SqliteValue } from "./driver.js";
import { EntityStatements } from "./entity-statements.js";
import { RowCursor, type RowRange, rowHead } from "./row-cursor.js";
import { remembersDeletions } from "./schema.js";
import type { StagedRows, Staging } from "./staging.js";

/** Some records of a batch, with the values of their lists. */
interface Block {
  place: PlaceEntry;
  ordinals: number[];
  values: SqliteValue[];
  /** By list: the record of each row, and the rows' values. */
  lists: { ordinals: number[]; values: SqliteValue[] }[];
}

type Fate = keyof RowCounts | "rejected";

interface Outcome {
  counts: RowCounts;
  rejects: RowReject[];
}

/**
 * Writes the records of one entity in the order of the source. Blocks of records go in by one statement, as
 * long as all of them are new; a block that meets keys which are there already, or that the database refuses,
 * is taken back and goes record by record, so that each has its fate and a bad one costs itself alone. What
 * a savepoint costs is a copy of each page that is touched within it, so a record has one of its own only
 * where the batch has shown that a list can be refused behind its row.
 */
export class EntityWriter {
  readonly #connection: Connection;
  readonly #statements: EntityStatements;
  readonly #table: EntityTable;
  readonly #staging: Staging | null;
  /**
   * Blocks that are bound value by value before rows are staged again, and how often as many the next time.
   */
  #unstagedLeft = 0;
  #unstagedFactor = 1;
  /** Blocks that go record by record before a whole one is tried again, and how many the next time. */
  #singleLeft = 0;
  #singleNext = 1;
  /** Batches whose records have a savepoint each, and how many the next time. */
  #carefulLeft = 0;
  #carefulNext = 1;

  constructor(connection: Connection, table: EntityTable, plan: TablePlan, staging: Staging | null) {
    this.#connection = connection;
    this.#staging = staging;
    this.#table = table;
    this.#statements = new EntityStatements(connection, table, plan);
  }

  apply(place: PlaceEntry, pages: readonly RowPage[]): Outcome {
    // Without lists a record is one statement, which is done or not.
    if (this.#statements.lists.length === 0) return this.#applyAll(place, pages);
    if (this.#carefulLeft === 0) {
      const outcome = this.#within("batch", () => this.#applyAll(place, pages));
      if (outcome !== null) {
        this.#carefulNext = 1;
        return outcome;
      }
      this.#carefulLeft = this.#carefulNext;
      this.#carefulNext = Math.min(sqliteSingleBlocksMax, this.#carefulNext * 2);
    }
    const outcome = this.#applyAll(place, pages);
    this.#carefulLeft -= 1;
    return outcome;
  }

  #applyAll(place: PlaceEntry, pages: readonly RowPage[]): Outcome {
    const outcome: Outcome = { counts: noRowCounts(), rejects: [] };
    const table = this.#table;
    const own = pages.filter((page) => page.table === table.number);
    const buried = tombstoneColumns(table).map((at) => table.columns[at]!);
    const rows = new RowCursor(
      own.filter((page) => !page.isTombstones),
      table.columns,
    );
    const tombstones = new RowCursor(
      own.filter((page) => page.isTombstones),
      buried,
    );
    const lists = this.#statements.lists.map(
      ({ number, columns }) =>
        new RowCursor(
          pages.filter((page) => page.table === number),
          columns,
        ),
    );
    while (rows.ordinal < Number.POSITIVE_INFINITY || tombstones.ordinal < Number.POSITIVE_INFINITY) {
      if (tombstones.ordinal < rows.ordinal) this.#bury(tombstones, outcome);
      else if (this.#writeStaged(rows, lists, tombstones.ordinal, outcome)) continue;
      else this.#write(this.#readBlock(place, rows, lists, tombstones.ordinal), outcome);
    }
    return outcome;
  }

  #readBlock(place: PlaceEntry, rows: RowCursor, lists: RowCursor[], before: number): Block {
    const { blockSizes } = this.#statements;
    const count = rows.countBefore(before, blockSizes[0]!);
    const size = blockSizes.find((one) => one <= count)!;
    const block: Block = { place, ordinals: [], values: [], lists: [] };
    for (let row = 0; row < size; row += 1) {
      block.ordinals.push(rows.ordinal);
      rows.read(block.values);
    }
    const last = block.ordinals.at(-1)!;
    block.lists = lists.map((cursor) => {
      const list = { ordinals: [] as number[], values: [] as SqliteValue[] };
      while (cursor.ordinal <= last) {
        list.ordinals.push(cursor.ordinal);
        cursor.read(list.values);
      }
      return list;
    });
    return block;
  }

  /** As many rows as a page takes, at once; false when they must go otherwise: nothing is written then. */
  #writeStaged(rows: RowCursor, lists: RowCursor[], before: number, outcome: Outcome): boolean {
    const staging = this.#staging;
    const range = rows.rangeBefore(before);
    if (staging === null || range === null || this.#unstagedLeft > 0) return false;
    const { page, from } = range;
    if (range.to - from < sqliteStagedRowsMin || this.#statements.hasDeletions()) return false;
    const staged = staging.put(page, from, range.to);
    const { count } = staged;
    const end = count === 0 ? 0 : page.ordinals[from + count - 1]! + 1;
    const listRanges = lists.map((cursor) => cursor.rangeBefore(end));
    const stagedLists = listRanges.map((list) =>
      isEmpty(list) ? null : staging.put(list.page, list.from, list.to),
    );
    const isWhole = stagedLists.every((list, at) => list === null || list.count === sizeOf(listRanges[at]!));
    if (count === 0 || !isWhole || !this.#copyStaged(staged, stagedLists, outcome.counts)) {
      this.#unstagedLeft =
        Math.ceil((range.to - from) / this.#statements.blockSizes[0]!) * this.#unstagedFactor;
      this.#unstagedFactor = Math.min(sqliteSingleBlocksMax, this.#unstagedFactor * 2);
      return false;
    }
    this.#unstagedFactor = 1;
    rows.pass({ page, from, to: from + count });
    for (const [at, list] of listRanges.entries()) if (list !== null) lists[at]!.pass(list);
    return true;
  }

  #copyStaged(rows: StagedRows, lists: readonly (StagedRows | null)[], counts: RowCounts): boolean {
    const statements = this.#statements;
    return this.#try(rows.count, counts, () => {
      const added = statements.insertStaged(rows);
      if (added < rows.count) return this.#settleMet(added, () => void statements.upsertStaged(rows));
      for (const [at, list] of statements.lists.entries()) {
        const staged = lists[at] ?? null;
        if (staged !== null) statements.insertStagedList(list, staged);
      }
      return added;
    });
  }

  #write(block: Block, outcome: Outcome): void {
    this.#unstagedLeft = Math.max(0, this.#unstagedLeft - 1);
    if (block.ordinals.length > 1 && this.#singleLeft === 0 && this.#writeWhole(block, outcome)) return;
    this.#singleLeft = Math.max(0, this.#singleLeft - 1);
    for (const [at, ordinal] of block.ordinals.entries()) this.#writeOne(block, at, ordinal, outcome);
  }

  /** False when the block must go record by record: nothing of it is written then. */
  #writeWhole(block: Block, { counts }: Outcome): boolean {
    const isDone = this.#try(block.ordinals.length, counts, () => this.#insertWhole(block));
    if (isDone) this.#singleNext = 1;
    else {
      this.#singleLeft = this.#singleNext;
      this.#singleNext = Math.min(sqliteSingleBlocksMax, this.#singleNext * 2);
    }
    return isDone;
  }

  /** Writes rows by work that says how many made a row, or null to have it taken back. */
  #try(rows: number, counts: RowCounts, work: () => number | null): boolean {
    const added = this.#within("block", work);
    if (added === null) return false;
    counts.stored += added;
    if (this.#table.conflict.kind === "keep") counts.duplicates += rows - added;
    else counts.replaced += rows - added;
    return true;
  }

  /** Does work that is taken back when it gives null or the database refuses a part of it: null then. */
  #within<T>(savepoint: "batch" | "block", work: () => T | null): T | null {
    this.#connection.run(`SAVEPOINT ${savepoint}`);
    let result: T | null = null;
    try {
      result = work();
    } catch (error) {
      if (recordFault(error) === null) throw error;
    }
    if (result === null) this.#connection.run(`ROLLBACK TO ${savepoint}`);
    this.#connection.run(`RELEASE ${savepoint}`);
    return result;
  }

  /** How many records made a row; null when it takes more to say what became of each. */
  #insertWhole(block: Block): number | null {
    const statements = this.#statements;
    const rows = block.ordinals.length;
    if (statements.hasDeletions()) return null;
    const added = statements.insert(block.values, rows);
    if (added < rows) return this.#settleMet(added, () => void statements.upsert(block.values, rows));
    for (const [at, list] of statements.lists.entries()) statements.insertList(list, block.lists[at]!.values);
    return added;
  }

  /** Some keys were there already: without lists, what becomes of such rows is known of them all. */
  #settleMet(added: number, upsert: () => void): number | null {
    const { conflict, lists } = this.#table;
    if (lists.length > 0 || (conflict.kind !== "keep" && conflict.kind !== "replace")) return null;
    if (conflict.kind === "replace") upsert();
    return added;
  }

  #writeOne(block: Block, at: number, ordinal: number, outcome: Outcome): void {
    const width = this.#table.columns.length;
    const values = block.values.slice(at * width, (at + 1) * width);
    const isCareful = this.#carefulLeft > 0;
    let fate = "rejected" as Fate;
    if (isCareful) this.#connection.run("SAVEPOINT record");
    let refusal = refusalOf(() => {
      fate = this.#settle(values);
    });
    const settleLists = () => this.#settleLists(block, values, ordinal, fate);
    if (isCareful) {
      refusal ??= refusalOf(settleLists);
      if (refusal !== null) this.#connection.run("ROLLBACK TO record");
      this.#connection.run("RELEASE record");
    } else if (refusal === null) settleLists();
    if (refusal !== null) this.#reject(block, values, ordinal, outcome, "ROW_REFUSED", refusal);
    else if (fate !== "rejected") outcome.counts[fate] += 1;
    else this.#reject(block, values, ordinal, outcome, "CONFLICT_REJECTED", "its key is there already");
  }

  /** The record's row, by one statement at most that writes: a refusal leaves nothing of it. */
  #settle(values: readonly SqliteValue[]): Fate {
    const statements = this.#statements;
    const { conflict } = this.#table;
    if (remembersDeletions(this.#table) && statements.isDeleted(values)) return "deleted";
    if (statements.insert(values, 1) === 1) return "stored";
    if (conflict.kind === "keep") return "duplicates";
    if (conflict.kind === "reject") return "rejected";
    if (statements.upsert(values, 1) === 0) {
      return statements.isSameVersion(values) ? "duplicates" : "superseded";
    }
    return "replaced";
  }

  #settleLists(block: Block, values: readonly SqliteValue[], ordinal: number, fate: Fate): void {
    if (fate === "replaced") this.#statements.clearLists(this.#statements.keyOf(values));
    if (fate === "stored" || fate === "replaced") this.#insertLists(block, ordinal);
  }

  #insertLists(block: Block, ordinal: number): void {
    for (const [at, list] of this.#statements.lists.entries()) {
      const { ordinals, values } = block.lists[at]!;
      const width = list.columns.length;
      const [from, to] = [ordinals.indexOf(ordinal), ordinals.lastIndexOf(ordinal) + 1];
      if (from >= 0) this.#statements.insertList(list, values.slice(from * width, to * width));
    }
  }

  #bury(tombstones: RowCursor, { counts }: Outcome): void {
    const values: SqliteValue[] = [];
    tombstones.read(values);
    const own = tombstoneColumns(this.#table);
    const key = this.#table.key.map((at) => values[own.indexOf(at)]!);
    if (remembersDeletions(this.#table)) this.#statements.noteDeletion(values);
    if (this.#statements.delete(values) > 0) this.#statements.clearLists(key);
    counts.deleted += 1;
  }

  #reject(
    { place }: Block,
    values: readonly SqliteValue[],
    ordinal: number,
    { rejects }: Outcome,
    code: RowReject["code"],
    reason: string,
  ): void {
    rejects.push({ place, ordinal, code, reason, head: rowHead(this.#table.columns, values) });
  }
}

/** Why the database refuses to do the work; null when it does it. */
function refusalOf(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    const reason = recordFault(error);
    if (reason === null) throw error;
    return reason;
  }
}

function sizeOf({ from, to }: RowRange): number {
  return to - from;
}

function isEmpty(range: RowRange | null): range is null {
  return range === null || sizeOf(range) === 0;
}
