import { appendAll, rowHeadBytesMax, siftedRecordsMax } from "../../kernel/index.js";
import { addRowCounts, noRowCounts, type RowCounts, type RowReject } from "../../ports/index.js";
import { RowFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import { type ListParts, type OrdinalRange, SettleSql, type StagedPart } from "./settle-sql.js";
import { type Refused, Sifter } from "./sifter.js";
import type { StagingTable } from "./staging.js";
import { remembersDeletions, type StoredEntity } from "./stored-table.js";

/** A record that was turned down, by its ordinal in the chunk. */
export interface Loser {
  ordinal: number;
  code: RowReject["code"];
  reason: string;
  head: Uint8Array;
}

export interface Settled {
  counts: RowCounts;
  losers: Loser[];
}

/** Counts come as text. */
type Counted<Name extends string> = Record<Name, string>;

/**
 * Brings what is staged for one entity into its table, by the conflict rule and as if records came one by
 * one. What the database refuses is halved until it is few records, which are sifted; the others go in.
 */
export class Settler {
  readonly staging: StagingTable;
  readonly lists: readonly ListParts[];
  readonly entity: StoredEntity;
  readonly #connection: Connection;
  readonly #sql: SettleSql;
  readonly #sifter: Sifter;

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
    this.#sifter = new Sifter(connection, this.#sql, lists, entity.planned.number);
  }

  async make(): Promise<void> {
    await this.#connection.run(this.#sql.makeWinners());
  }

  async settle(ordinalsEnd: number, mayRepeat: boolean): Promise<Settled> {
    const settled: Settled = { counts: noRowCounts(), losers: [] };
    if (this.staging.rows === 0) return settled;
    const bounds = { from: 0, to: ordinalsEnd };
    await this.#settleRange(null, bounds, mayRepeat, settled);
    for (const { staging } of [this, ...this.lists]) await staging.clear();
    settled.losers.sort((a, b) => a.ordinal - b.ordinal);
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
      appendAll(settled.losers, done.losers);
      return;
    }
    await this.staging.makeIndex();
    if (bounds.to - bounds.from <= 1) {
      return this.#refuse([{ ordinal: bounds.from, reason: done.message }], settled);
    }
    // Tombstones and records take turns, which a trial of records alone does not show.
    if (bounds.to - bounds.from <= siftedRecordsMax && !this.staging.hasTombstones) {
      const refused = await this.#sifter.sift(bounds.from, bounds.to);
      if (refused !== null && refused.length > 0) {
        await this.#refuse(refused, settled);
        // Others of the same keys may win now.
        return this.#settleRange(bounds, bounds, mayRepeat, settled);
      }
    }
    const middle = Math.floor((bounds.from + bounds.to) / 2);
    for (const half of [
      { from: bounds.from, to: middle },
      { from: middle, to: bounds.to },
    ]) {
      await this.#settleRange(half, half, mayRepeat, settled);
    }
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
      appendAll(settled.losers, losers);
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
    const { records, alive } = await this.#countRecords(part);
    counts.deleted = records - alive;
    if (alive === 0) return { counts, losers: [] };
    const { conflict } = this.entity.planned;
    const hasKey = this.entity.key.length > 0;
    if (conflict.kind === "newest" && hasKey) {
      Object.assign(counts, await this.#countVersions(part));
    }
    const winners = await this.#connection.run(this.#sql.findWinners(part));
    const fresh = winners === 0 ? 0 : await this.#count(this.#sql.countFresh());
    const losers: Loser[] = [];
    if (conflict.kind !== "newest" || !hasKey) {
      counts.stored = fresh;
      if (conflict.kind === "replace") counts.replaced = alive - fresh;
      else if (conflict.kind === "reject") appendAll(losers, await this.#losers(part, alive - winners));
      else counts.duplicates = alive - fresh;
    }
    if (winners > 0) {
      await this.#write(winners - fresh, fresh);
      await this.#connection.run(this.#sql.clearWinners());
    }
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

  /** Takes records out of what is staged, and tells them. */
  async #refuse(refused: readonly Refused[], { losers }: Settled): Promise<void> {
    const ordinals = refused.map(({ ordinal }) => ordinal);
    type Row = { ordinal: number; text: string };
    const rows = await this.#connection.rows<Row>(this.#sql.showRows(rowHeadBytesMax), [ordinals]);
    const texts = new Map(rows.map(({ ordinal, text }) => [ordinal, text]));
    for (const { ordinal, reason } of refused) {
      losers.push({ ordinal, code: "ROW_REFUSED", reason, head: Buffer.from(texts.get(ordinal) ?? "") });
    }
    for (const { staging } of [this, ...this.lists]) if (staging.rows > 0) await staging.remove(ordinals);
  }

  async #countVersions(part: StagedPart): Promise<Partial<RowCounts>> {
    type Fates = Counted<"stored" | "replaced" | "duplicates" | "superseded">;
    const [row] = await this.#connection.rows<Fates>(this.#sql.countVersions(part));
    return Object.fromEntries(Object.entries(row!).map(([name, count]) => [name, Number(count)]));
  }

  /** The server is asked where it is not all that is staged. */
  async #countRecords(part: StagedPart): Promise<{ records: number; alive: number }> {
    const { rows } = this.staging;
    const isAll = part.range === null && part.round === null;
    if (isAll && !remembersDeletions(this.entity)) return { records: rows, alive: rows };
    const [found] = await this.#connection.rows<Counted<"records" | "alive">>(this.#sql.countRecords(part));
    return { records: Number(found!.records), alive: Number(found!.alive) };
  }

  async #count(sql: string): Promise<number> {
    const [row] = await this.#connection.rows<Counted<"count">>(sql);
    return Number(row!.count);
  }
}
