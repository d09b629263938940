import { rowHeadBytesMax, singlySettledMax } from "../../kernel/index.js";
import { addRowCounts, noRowCounts, type RowCounts } from "../../ports/index.js";
import { isLanguageMissing, RowFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import { type Fate, SettleSinglySql, settledOf } from "./settle-singly.js";
import { type ListParts, type OrdinalRange, SettleSql, type StagedPart } from "./settle-sql.js";
import type { Loser, Settled } from "./settled.js";
import type { StagingTable } from "./staging.js";
import type { StoredEntity } from "./stored-table.js";

/** Counts come as text. */
type Counted<Name extends string> = Record<Name, string>;

/**
 * Brings what is staged for one entity into its table, by the conflict rule and as if records came one by
 * one. What the database refuses is halved until the record is alone that it refuses; the others go in.
 */
export class Settler {
  readonly staging: StagingTable;
  readonly lists: readonly ListParts[];
  readonly entity: StoredEntity;
  readonly #connection: Connection;
  readonly #sql: SettleSql;
  /** Null where records must not go one by one on the server. */
  readonly #singly: SettleSinglySql | null;

  constructor(
    connection: Connection,
    entity: StoredEntity,
    staging: StagingTable,
    lists: readonly ListParts[],
  ) {
    this.#connection = connection;
    this.entity = entity;
    this.staging = staging;
    this.lists = lists;
    this.#sql = new SettleSql(entity, staging, lists);
    const isPlain = lists.length === 0 && !entity.planned.hasTombstones;
    this.#singly = isPlain ? new SettleSinglySql(this.#sql, entity) : null;
  }

  async make(): Promise<void> {
    await this.#connection.run(this.#sql.makeWinners());
    if (this.#singly !== null) await this.#connection.run(this.#singly.makeFates());
  }

  async settle(ordinalsEnd: number, mayRepeat: boolean): Promise<Settled> {
    const settled: Settled = { counts: noRowCounts(), losers: [] };
    if (this.staging.rows === 0) return settled;
    const bounds = { from: 0, to: ordinalsEnd };
    await this.#settleRange(null, bounds, mayRepeat, settled);
    for (const { staging } of [this, ...this.lists]) await staging.clear();
    return settled;
  }

  async #settleRange(
    range: OrdinalRange,
    bounds: { from: number; to: number },
    mayRepeat: boolean,
    settled: Settled,
  ): Promise<void> {
    const done = await this.#tryRange(range, mayRepeat);
    if (!(done instanceof RowFault)) {
      addRowCounts(settled.counts, done.counts);
      settled.losers.push(...done.losers);
      return;
    }
    if (bounds.to - bounds.from <= 1) {
      const head = await this.#head(bounds.from);
      settled.losers.push({ ordinal: bounds.from, code: "ROW_REFUSED", reason: done.message, head });
      return;
    }
    await this.staging.makeIndex();
    if (bounds.to - bounds.from <= singlySettledMax && (await this.#settleSingly(bounds, settled))) return;
    const middle = Math.floor((bounds.from + bounds.to) / 2);
    for (const half of [
      { from: bounds.from, to: middle },
      { from: middle, to: bounds.to },
    ]) {
      await this.#settleRange(half, half, mayRepeat, settled);
    }
  }

  /** False where the server has no procedures for it: nothing is done then. */
  async #settleSingly(bounds: { from: number; to: number }, settled: Settled): Promise<boolean> {
    if (this.#singly === null) return false;
    await this.#connection.run("SAVEPOINT singly");
    try {
      await this.#connection.run(this.#singly.settle(bounds));
    } catch (error) {
      if (!isLanguageMissing(error)) throw error;
      await this.#connection.run("ROLLBACK TO SAVEPOINT singly; RELEASE SAVEPOINT singly");
      return false;
    }
    const fates = await this.#connection.rows<Fate>(this.#singly.readFates(rowHeadBytesMax));
    await this.#connection.run(`${this.#singly.clearFates()}; RELEASE SAVEPOINT singly`);
    const { counts, losers } = settledOf(fates);
    addRowCounts(settled.counts, counts);
    settled.losers.push(...losers);
    return true;
  }

  async #tryRange(range: OrdinalRange, mayRepeat: boolean): Promise<Settled | RowFault> {
    await this.#connection.run("SAVEPOINT settling");
    try {
      const settled = await this.#apply(range, mayRepeat);
      await this.#connection.run("RELEASE SAVEPOINT settling");
      return settled;
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      await this.#connection.run("ROLLBACK TO SAVEPOINT settling; RELEASE SAVEPOINT settling");
      return error;
    }
  }

  /**
   * Tombstones and records of one key take turns, so that where there are any all keys are settled in rounds.
   */
  async #apply(range: OrdinalRange, mayRepeat: boolean): Promise<Settled> {
    if (!this.staging.hasTombstones) return this.#applyRecords({ range, round: null, mayRepeat });
    const settled: Settled = { counts: noRowCounts(), losers: [] };
    await this.#connection.run(this.#sql.numberRounds(range));
    const [found] = await this.#connection.rows<{ last: string | null }>(this.#sql.lastRound(range));
    const last = Number(found?.last ?? 0);
    for (let round = 1; round <= last; round++) {
      const part = { range, round, mayRepeat: false };
      const deleted = await this.#count(this.#sql.countTombstones(part));
      if (deleted > 0) await this.#bury(part);
      const { counts, losers } = await this.#applyRecords(part);
      addRowCounts(settled.counts, { ...counts, deleted: counts.deleted + deleted });
      settled.losers.push(...losers);
    }
    return settled;
  }

  async #bury(part: StagedPart): Promise<void> {
    const note = this.#sql.noteDeletions(part);
    if (note !== null) await this.#connection.run(note);
    await this.#connection.run(this.#sql.removeRows(part));
  }

  async #applyRecords(part: StagedPart): Promise<Settled> {
    const counts = noRowCounts();
    const [found] = await this.#connection.rows<Counted<"records" | "alive">>(this.#sql.countRecords(part));
    const records = Number(found!.alive);
    counts.deleted = Number(found!.records) - records;
    if (records === 0) return { counts, losers: [] };
    const { conflict } = this.entity.planned;
    const hasKey = this.entity.key.length > 0;
    if (conflict.kind === "newest" && hasKey) {
      Object.assign(counts, await this.#countVersions(part));
    }
    await this.#connection.run(this.#sql.findWinners(part));
    const { winners, fresh } = await this.#countWinners();
    const losers: Loser[] = [];
    if (conflict.kind !== "newest" || !hasKey) {
      counts.stored = fresh;
      if (conflict.kind === "replace") counts.replaced = records - fresh;
      else if (conflict.kind === "reject") losers.push(...(await this.#losers(part, records - winners)));
      else counts.duplicates = records - fresh;
    }
    if (winners > 0) await this.#write(winners - fresh, fresh);
    await this.#connection.run(this.#sql.clearWinners());
    return { counts, losers };
  }

  async #write(replacing: number, fresh: number): Promise<void> {
    const update = this.#sql.updateRows();
    if (replacing > 0 && update !== null) await this.#connection.run(update);
    if (replacing > 0) {
      for (const list of this.lists) await this.#connection.run(this.#sql.removeStaleValues(list));
    }
    if (fresh > 0) await this.#connection.run(this.#sql.insertRows());
    for (const list of this.lists) {
      if (list.staging.rows > 0) await this.#connection.run(this.#sql.insertValues(list));
    }
  }

  async #losers(part: StagedPart, count: number): Promise<Loser[]> {
    if (count === 0) return [];
    type Row = { ordinal: number; text: string };
    const rows = await this.#connection.rows<Row>(this.#sql.listLosers(part, rowHeadBytesMax));
    return rows.map(({ ordinal, text }) => {
      return {
        ordinal,
        code: "CONFLICT_REJECTED",
        reason: "its key is there already",
        head: Buffer.from(text),
      };
    });
  }

  async #head(ordinal: number): Promise<Uint8Array> {
    const [row] = await this.#connection.rows<{ text: string }>(this.#sql.showRow(rowHeadBytesMax), [
      ordinal,
    ]);
    return Buffer.from(row?.text ?? "");
  }

  async #countVersions(part: StagedPart): Promise<Partial<RowCounts>> {
    type Fates = Counted<"stored" | "replaced" | "duplicates" | "superseded">;
    const [row] = await this.#connection.rows<Fates>(this.#sql.countVersions(part));
    return Object.fromEntries(Object.entries(row!).map(([name, count]) => [name, Number(count)]));
  }

  async #countWinners(): Promise<{ winners: number; fresh: number }> {
    const [row] = await this.#connection.rows<Counted<"winners" | "fresh">>(this.#sql.countWinners());
    return { winners: Number(row!.winners), fresh: Number(row!.fresh) };
  }

  async #count(sql: string): Promise<number> {
    const [row] = await this.#connection.rows<Counted<"count">>(sql);
    return Number(row!.count);
  }
}
