import {
  appendAll,
  idleCopyBytesMin,
  stagedBytesMax,
  stagedRefusedMax,
  stagedRowsMax,
} from "../../kernel/index.js";
import {
  type Applied,
  addRowCounts,
  noRowCounts,
  type PlaceEntry,
  type RowBatch,
  type RowReject,
} from "../../ports/index.js";
import { keyColumns, type RowPage } from "../../tables/index.js";
import { BatchKeeper } from "./batch-keeper.js";
import { RowFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import { KeyFilter } from "./key-filter.js";
import { rowHead } from "./row-head.js";
import { Settler } from "./settle.js";
import { type StagedPage, TupleWriter } from "./staged-tuples.js";
import { StagingTable } from "./staging.js";
import {
  columnNames,
  isEntity,
  remembersDeletions,
  type StoredEntity,
  type StoredList,
  type StoredTable,
} from "./stored-table.js";

/** A batch in the chunk: the ordinal of its first record there. */
interface PlacedBatch {
  firstOrdinal: number;
  pages: readonly RowPage[];
}

/**
 * Brings the rows of batches into their tables. As long as no key is met a second time they are copied
 * straight into the tables, whose primary keys say so when one is; otherwise they are staged and settled many
 * at a time. A table never has rows that are staged when others are copied into it, so the order of the
 * source is kept.
 */
export class ChunkLoader {
  readonly #connection: Connection;
  readonly #tables: readonly StoredTable[];
  readonly #staging: StagingTable[];
  readonly #settlers: Settler[];
  readonly #writer = new TupleWriter();
  readonly #keys = new KeyFilter(stagedRowsMax);
  readonly #keeper = new BatchKeeper();
  #pending: Promise<Applied> | null = null;
  /** Whether the server has what it works on. */
  #isLoading = false;
  /** Batches with staged rows: the first ordinal of each in the chunk. */
  #places: { firstOrdinal: number; place: PlaceEntry }[] = [];
  #ordinalsEnd = 0;
  #stagedRows = 0;
  #stagedBytes = 0;
  #rowsMax: number;
  #isDirect: boolean;

  constructor(connection: Connection, tables: readonly StoredTable[]) {
    this.#connection = connection;
    this.#tables = tables;
    this.#staging = tables.map((table) => new StagingTable(connection, table));
    this.#settlers = inDependencyOrder(tables.filter(isEntity)).map((entity) => {
      const lists = entity.planned.lists.map((number) => ({
        list: tables[number] as StoredList,
        staging: this.#staging[number]!,
      }));
      return new Settler(connection, entity, this.#staging[entity.planned.number]!, lists);
    });
    this.#isDirect = this.#canBeDirect;
    this.#rowsMax = this.#rowsAtOnce;
  }

  async make(): Promise<void> {
    for (const staging of this.#staging) await staging.make();
    for (const settler of this.#settlers) await settler.make();
  }

  /**
   * Keeps a batch until there are so many that a COPY pays, and gives what became of former ones: the server
   * has work while the next batches are made. One that is too large to be kept is waited for.
   */
  async apply(batch: RowBatch): Promise<Applied> {
    if (this.#keeper.keep(batch)) {
      const isWaitedFor = !this.#isLoading && this.#keeper.bytes >= idleCopyBytesMin;
      return isWaitedFor ? this.#begin() : noneApplied();
    }
    const former = await this.#begin();
    if (this.#keeper.keep(batch)) return former;
    return addApplied(addApplied(former, await this.#finishPending()), await this.#load([batch]));
  }

  /** Brings in all that was applied. */
  async settle(): Promise<Applied> {
    const former = await this.#begin();
    return addApplied(addApplied(former, await this.#finishPending()), await this.#settleStaged());
  }

  /** Begins with what is kept when the batches before it are in. */
  async #begin(): Promise<Applied> {
    const former = await this.#finishPending();
    const batches = this.#keeper.take();
    if (batches.length > 0) {
      this.#isLoading = true;
      this.#pending = this.#load(batches).finally(() => {
        this.#isLoading = false;
      });
      // Marked as handled: whoever comes next is told.
      this.#pending.catch(() => {});
    }
    return former;
  }

  async #finishPending(): Promise<Applied> {
    const pending = this.#pending;
    this.#pending = null;
    return (await pending) ?? noneApplied();
  }

  async #load(batches: readonly RowBatch[]): Promise<Applied> {
    const pages = batches.flatMap((batch) => batch.pages);
    if (this.#isDirect && this.#ordinalsEnd === 0 && !pages.some(({ isTombstones }) => isTombstones)) {
      const stored = await this.#tryDirect(pages);
      if (stored !== null) return { counts: { ...noRowCounts(), stored }, rejects: [] };
    }
    this.#isDirect = false;
    const applied = noneApplied();
    let together: PlacedBatch[] = [];
    for (const batch of batches) {
      together.push(this.#place(batch));
      if (this.#stagedRows < this.#rowsMax && this.#stagedBytes < stagedBytesMax) continue;
      appendAll(applied.rejects, await this.#stage(together));
      addApplied(applied, await this.#settleStaged());
      together = [];
    }
    appendAll(applied.rejects, await this.#stage(together));
    return applied;
  }

  async #settleStaged(): Promise<Applied> {
    const applied = noneApplied();
    if (this.#ordinalsEnd === 0) return applied;
    for (const settler of this.#settlers) {
      const mayRepeat = this.#keys.mayRepeat || !settler.entity.takesPages;
      const { counts, losers } = await settler.settle(this.#ordinalsEnd, mayRepeat);
      addRowCounts(applied.counts, counts);
      for (const { ordinal, ...loser } of losers)
        applied.rejects.push({ ...this.#placeOf(ordinal), ...loser });
    }
    const { stored, ...met } = applied.counts;
    const isClean = applied.rejects.length === 0 && Object.values(met).every((count) => count === 0);
    this.#isDirect = isClean && this.#canBeDirect;
    // Where much is refused, what is told of it has to stay small.
    this.#rowsMax = applied.rejects.length > stagedRefusedMax ? stagedRefusedMax : this.#rowsAtOnce;
    this.#forgetStaged();
    return applied;
  }

  /** Drops what is staged: its transaction was rolled back. */
  #forgetStaged(): void {
    this.#places = [];
    this.#ordinalsEnd = 0;
    this.#stagedRows = 0;
    this.#stagedBytes = 0;
    this.#keys.clear();
  }

  /** Where deletions decide about what comes later, no key is in the way of a record that was deleted. */
  get #canBeDirect(): boolean {
    const isAsked = (table: StoredTable) => isEntity(table) && remembersDeletions(table);
    return this.#tables.every((table) => table.takesPages && !isAsked(table));
  }

  get #rowsAtOnce(): number {
    const isRejecting = this.#settlers.some(({ entity }) => entity.planned.conflict.kind === "reject");
    return isRejecting ? stagedRefusedMax : stagedRowsMax;
  }

  /** The number of records, or null when a row stood in the way: then nothing of them is there. */
  async #tryDirect(pages: readonly RowPage[]): Promise<number | null> {
    const tables = [...byTable(pages, (page) => page, this.#tables)];
    try {
      let records = 0;
      for (const [at, [table, own]] of tables.entries()) {
        const into = `${table.name} (${columnNames(table.columns)})`;
        const rows = own.map((page) => page.rows);
        const copied = await this.#connection.copyIn(into, [rows], {
          before: at === 0 ? "SAVEPOINT direct; " : "",
          after: at === tables.length - 1 ? "; RELEASE SAVEPOINT direct" : "",
        });
        if (isEntity(table)) records += copied;
      }
      return records;
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      await this.#connection.run("ROLLBACK TO SAVEPOINT direct; RELEASE SAVEPOINT direct");
      return null;
    }
  }

  /** Gives the batch its ordinals in the chunk. */
  #place({ place, pages }: RowBatch): PlacedBatch {
    const firstOrdinal = this.#ordinalsEnd;
    for (const page of pages) {
      this.#noteKeys(this.#tables[page.table]!, page);
      this.#stagedBytes += page.rows.length;
      const last = page.ordinals[page.count - 1]!;
      this.#ordinalsEnd = Math.max(this.#ordinalsEnd, firstOrdinal + last + 1);
    }
    this.#places.push({ firstOrdinal, place });
    return { firstOrdinal, pages };
  }

  /** A table's rows of all the batches go in one COPY. */
  async #stage(batches: readonly PlacedBatch[]): Promise<RowReject[]> {
    const refused = new Map<number, RowReject>();
    const pages = batches.flatMap((batch) =>
      batch.pages.map((page): StagedPage => ({ page, firstOrdinal: batch.firstOrdinal })),
    );
    for (const [table, own] of byTable(pages, ({ page }) => page, this.#tables)) {
      const onFault = ({ page, firstOrdinal }: StagedPage, row: number, fault: RowFault) => {
        const ordinal = firstOrdinal + page.ordinals[row]!;
        const head = rowHead(page, row, table.planned);
        if (!refused.has(ordinal)) {
          const at = this.#placeOf(ordinal);
          refused.set(ordinal, { ...at, code: "ROW_REFUSED", reason: fault.message, head });
        }
      };
      await this.#staging[table.planned.number]!.add(own, this.#writer, onFault);
    }
    const ordinals = [...refused.keys()].sort((a, b) => a - b);
    await this.#unstage(ordinals);
    return ordinals.map((ordinal) => refused.get(ordinal)!);
  }

  /** A record goes in whole or not at all. */
  async #unstage(ordinals: readonly number[]): Promise<void> {
    if (ordinals.length === 0) return;
    for (const staging of this.#staging) if (staging.rows > 0) await staging.remove(ordinals);
  }

  #noteKeys(table: StoredTable, page: RowPage): void {
    if (!isEntity(table)) return;
    this.#stagedRows += page.count;
    if (page.isTombstones || table.key.length === 0) return;
    const fields = [...keyColumns(table.planned)].sort((a, b) => a - b);
    this.#keys.add(page, table.planned.number, fields);
  }

  #placeOf(ordinal: number): { place: PlaceEntry; ordinal: number } {
    let [low, high] = [0, this.#places.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#places[middle]!.firstOrdinal <= ordinal) low = middle;
      else high = middle - 1;
    }
    const { firstOrdinal, place } = this.#places[low]!;
    return { place, ordinal: ordinal - firstOrdinal };
  }
}

function noneApplied(): Applied {
  return { counts: noRowCounts(), rejects: [] };
}

function addApplied(sum: Applied, more: Applied): Applied {
  addRowCounts(sum.counts, more.counts);
  appendAll(sum.rejects, more.rejects);
  return sum;
}

/** Pages by their table: entities before lists, whose values refer to them. */
function byTable<Item>(
  items: readonly Item[],
  pageOf: (item: Item) => RowPage,
  tables: readonly StoredTable[],
): Map<StoredTable, Item[]> {
  const found = new Map<StoredTable, Item[]>();
  for (const item of items.toSorted((a, b) => pageOf(a).table - pageOf(b).table)) {
    const table = tables[pageOf(item).table]!;
    const own = found.get(table);
    if (own === undefined) found.set(table, [item]);
    else own.push(item);
  }
  return found;
}

/** What is referred to comes first, as far as that goes: tables may refer to one another in a circle. */
function inDependencyOrder(entities: readonly StoredEntity[]): StoredEntity[] {
  const ordered: StoredEntity[] = [];
  const seen = new Set<number>();
  const visit = (entity: StoredEntity): void => {
    if (seen.has(entity.planned.number)) return;
    seen.add(entity.planned.number);
    for (const { references } of entity.planned.columns) {
      const target = entities.find(({ planned }) => planned.number === references?.table);
      if (target !== undefined) visit(target);
    }
    ordered.push(entity);
  };
  for (const entity of entities) visit(entity);
  return ordered;
}
