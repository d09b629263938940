import { tombstoneColumns } from "../../tables/index.js";
import { deletedColumn, ordinalColumn, roundColumn, type StagingTable } from "./staging.js";
import {
  castValue,
  columnNames,
  deletionsName,
  remembersDeletions,
  type StoredColumn,
  type StoredEntity,
  type StoredList,
  sameKey,
} from "./stored-table.js";

/** Staged rows with these ordinals, as numbers or variables of a function; null for all of them. */
export type OrdinalRange = { from: number | string; to: number | string } | null;

/** What of the staged rows is looked at. */
export interface StagedPart {
  range: OrdinalRange;
  /** The first, second... row of each key, where they are settled in rounds; null for all. */
  round: number | null;
  /** Whether keys may repeat. */
  mayRepeat: boolean;
}

export interface ListParts {
  list: StoredList;
  staging: StagingTable;
}

/**
 * The statements that settle what is staged for one entity. `s` is a staged row, `t` one of the table, `w` a
 * winner: a staged row that is to be written, in the table's own types, with whether its key is there
 * already.
 */
export class SettleSql {
  readonly winners: string;
  readonly #entity: StoredEntity;
  readonly #staging: StagingTable;
  readonly #lists: readonly ListParts[];
  readonly #key: readonly StoredColumn[];
  readonly #others: readonly StoredColumn[];

  constructor(entity: StoredEntity, staging: StagingTable, lists: readonly ListParts[]) {
    this.#entity = entity;
    this.#staging = staging;
    this.#lists = lists;
    this.#key = entity.key.map((column) => entity.columns[column]!);
    this.#others = entity.columns.filter((_, column) => !entity.key.includes(column));
    this.winners = `plimsoll_winners_${entity.planned.number}`;
  }

  makeWinners(): string {
    const lines = this.#entity.columns.map(({ name, ownType }) => `${name} ${ownType}`);
    lines.push(`${ordinalColumn} integer NOT NULL`, "plimsoll_is_there boolean NOT NULL");
    return `CREATE TEMP TABLE ${this.winners} (${lines.join(", ")}) ON COMMIT DELETE ROWS`;
  }

  /** Records, tombstones apart, and how many of them no deletion stands against. */
  countRecords(part: StagedPart): string {
    return `SELECT count(*) AS records, count(*) FILTER (WHERE ${this.#isAlive()}) AS alive
      FROM ${this.#staging.name} s WHERE ${this.#isStagedRecord(part)}`;
  }

  /** Keeps for records to come how new the deletions of a round were; null where versions do not decide. */
  noteDeletions(part: StagedPart): string | null {
    if (!remembersDeletions(this.#entity)) return null;
    const version = this.#version();
    const names = columnNames(this.#buried());
    return `INSERT INTO ${deletionsName(this.#entity)} AS d (${names})
      SELECT ${columnNames(this.#buried(), "s.")} FROM ${this.#staging.name} s
      WHERE ${this.#isTombstone(part)} AND s.${version.name} IS NOT NULL
      ON CONFLICT (${columnNames(this.#key)}) DO UPDATE SET ${version.name} = excluded.${version.name}
      WHERE excluded.${version.name} > d.${version.name}`;
  }

  /** Numbers the rows of each key, so that a round has no key twice. */
  numberRounds(range: OrdinalRange): string {
    const numbers = `row_number() OVER (PARTITION BY ${this.#keyValues()} ORDER BY ${ordinalColumn})`;
    const { name } = this.#staging;
    const rows = `SELECT s.${ordinalColumn} AS ordinal, ${numbers} AS round FROM ${name} s
      WHERE ${inRange(range)}`;
    return `UPDATE ${name} u SET ${roundColumn} = r.round FROM (${rows}) r
      WHERE u.${ordinalColumn} = r.ordinal`;
  }

  lastRound(range: OrdinalRange): string {
    return `SELECT max(${roundColumn}) AS last FROM ${this.#staging.name} s WHERE ${inRange(range)}`;
  }

  findWinners(part: StagedPart): string {
    const values = this.#entity.columns.map((column) => castValue(column, "s.")).join(", ");
    const from = `(${this.#chosen(part)}) s`;
    if (this.#key.length === 0) {
      return `INSERT INTO ${this.winners} SELECT ${values}, s.${ordinalColumn}, false FROM ${from}`;
    }
    const isThere = `t.${this.#key[0]!.name} IS NOT NULL`;
    return `INSERT INTO ${this.winners} SELECT ${values}, s.${ordinalColumn}, ${isThere}
      FROM ${from} LEFT JOIN ${this.#entity.name} t ON ${sameKey(this.#entity, "t.", "s.")}
      WHERE NOT (${isThere}) OR ${this.#isWanted()}`;
  }

  /** The records that may win, in their order. */
  chosenOrdinals(part: StagedPart): string {
    return `SELECT c.${ordinalColumn} FROM (${this.#chosen(part)}) c ORDER BY 1`;
  }

  countFresh(): string {
    return `SELECT count(*) AS count FROM ${this.winners} WHERE NOT plimsoll_is_there`;
  }

  /** What becomes of each record under the rule `newest`, one after another: before anything is written. */
  countVersions(part: StagedPart): string {
    const version = this.#version();
    const staged = castValue(version, "s.");
    const keys = this.#keyValues();
    const former = part.mayRepeat
      ? `greatest(t.${version.name}, max(${staged}) OVER (PARTITION BY ${keys} ORDER BY s.${ordinalColumn}
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))`
      : `t.${version.name}`;
    const isFirst = part.mayRepeat
      ? `row_number() OVER (PARTITION BY ${keys} ORDER BY s.${ordinalColumn}) = 1`
      : "true";
    const isNew = `t.${this.#key[0]!.name} IS NULL AND ${isFirst}`;
    const fates = `SELECT ${staged} AS version, ${former} AS former, ${isNew} AS is_new
      FROM ${this.#staging.name} s LEFT JOIN ${this.#entity.name} t ON ${sameKey(this.#entity, "t.", "s.")}
      WHERE ${this.#isRecord(part)}`;
    const isNewer = "version IS NOT NULL AND (former IS NULL OR version > former)";
    const isSame = "version IS NOT DISTINCT FROM former";
    return `SELECT count(*) FILTER (WHERE is_new) AS stored,
      count(*) FILTER (WHERE NOT is_new AND ${isNewer}) AS replaced,
      count(*) FILTER (WHERE NOT is_new AND ${isSame}) AS duplicates,
      count(*) FILTER (WHERE NOT is_new AND NOT (${isSame}) AND NOT (${isNewer})) AS superseded
      FROM (${fates}) f`;
  }

  /** Records that no winner is of. */
  listLosers(part: StagedPart, charsMax: number): string {
    return `SELECT s.${ordinalColumn} AS ordinal, ${this.#shown(charsMax)} AS text
      FROM ${this.#staging.name} s WHERE ${this.#isRecord(part)}
      AND s.${ordinalColumn} NOT IN (SELECT ${ordinalColumn} FROM ${this.winners})
      ORDER BY 1`;
  }

  /** Null when rows have nothing but their key. `at` is the place of the one winner that is meant. */
  updateRows(at: string | null = null): string | null {
    if (this.#others.length === 0) return null;
    const values = this.#others.map(({ name }) => `${name} = w.${name}`).join(", ");
    return `UPDATE ${this.#entity.name} t SET ${values} FROM ${this.winners} w
      WHERE ${isWinner("w", at)} AND w.plimsoll_is_there AND ${this.#sameKeyOf("t.", "w.")}
      AND ${this.#differs("w.", false)}`;
  }

  insertRows(at: string | null = null): string {
    const names = columnNames(this.#entity.columns);
    const conflict = this.#key.length === 0 ? "" : `ON CONFLICT (${columnNames(this.#key)}) DO NOTHING`;
    return `INSERT INTO ${this.#entity.name} (${names}) OVERRIDING SYSTEM VALUE
      SELECT ${names} FROM ${this.winners} w
      WHERE ${isWinner("w", at)} AND NOT plimsoll_is_there ORDER BY ${ordinalColumn} ${conflict}`;
  }

  /** Values of lists that a replaced record no longer has, or has no longer at their place. */
  removeStaleValues({ list, staging }: ListParts, at: string | null = null): string {
    const [position, value] = list.columns.slice(-2);
    return `DELETE FROM ${list.name} l USING ${this.winners} w
      WHERE ${isWinner("w", at)} AND w.plimsoll_is_there AND ${this.#isOf(list, "l.", "w.")}
      AND NOT EXISTS (
        SELECT FROM ${staging.name} s WHERE s.${ordinalColumn} = w.${ordinalColumn}
        AND s.${position!.name} = l.${position!.name}
        AND s.${value!.name} IS NOT DISTINCT FROM l.${value!.name})`;
  }

  insertValues({ list, staging }: ListParts, ordinals = this.#winnersOrdinals()): string {
    const names = columnNames(list.columns);
    return `INSERT INTO ${list.name} (${names})
      SELECT ${columnNames(list.columns, "s.")} FROM ${staging.name} s
      WHERE s.${ordinalColumn} IN (${ordinals})
      ON CONFLICT (${columnNames(list.columns.slice(0, -1))}) DO NOTHING`;
  }

  #winnersOrdinals(): string {
    return `SELECT ${ordinalColumn} FROM ${this.winners}`;
  }

  /** Winners in their order: where each is, and whether its key is there. */
  listWinners(): string {
    return `SELECT w.ctid, w.${ordinalColumn}, w.plimsoll_is_there FROM ${this.winners} w
      ORDER BY w.${ordinalColumn}`;
  }

  countTombstones(part: StagedPart): string {
    return `SELECT count(*) AS count FROM ${this.#staging.name} s WHERE ${this.#isTombstone(part)}`;
  }

  /**
   * Removes the rows of a round's tombstones with the values of their lists; older tombstones remove nothing.
   */
  removeRows(part: StagedPart): string {
    const isOld =
      this.#entity.planned.version === null ? "" : `AND (${this.#isOlderTombstone()}) IS NOT TRUE`;
    const gone = `DELETE FROM ${this.#entity.name} t USING ${this.#staging.name} s
      WHERE ${this.#isTombstone(part)} AND ${sameKey(this.#entity, "t.", "s.")} ${isOld}
      RETURNING ${columnNames(this.#key, "t.")}`;
    const lists = this.#lists.map(
      ({ list }, at) =>
        `gone_${at} AS (DELETE FROM ${list.name} l USING gone WHERE ${this.#isOf(list, "l.", "gone.")})`,
    );
    return `WITH ${[`gone AS (${gone})`, ...lists].join(", ")} SELECT count(*) FROM gone`;
  }

  /** What staged rows hold, as JSON, its beginning. */
  showRows(charsMax: number): string {
    return `SELECT s.${ordinalColumn} AS ordinal, ${this.#shown(charsMax)} AS text
      FROM ${this.#staging.name} s WHERE s.${ordinalColumn} = ANY($1::integer[])`;
  }

  #shown(charsMax: number): string {
    const values = columnNames(this.#entity.columns, "s.");
    // A name that no column has: a column would be taken for the row.
    return `left((SELECT row_to_json(plimsoll_row)::text FROM (SELECT ${values}) plimsoll_row), ${charsMax})`;
  }

  clearWinners(): string {
    return `TRUNCATE ${this.winners}`;
  }

  /** The staged rows that may win: one a key. */
  #chosen(part: StagedPart): string {
    const from = `FROM ${this.#staging.name} s WHERE ${this.#isRecord(part)}`;
    if (!part.mayRepeat || this.#key.length === 0) return `SELECT * ${from}`;
    const keys = this.#keyValues();
    const { kind } = this.#entity.planned.conflict;
    const order = {
      keep: ordinalColumn,
      reject: ordinalColumn,
      replace: `${ordinalColumn} DESC`,
      newest:
        kind === "newest" ? `${castValue(this.#version(), "s.")} DESC NULLS LAST, ${ordinalColumn}` : "",
    }[kind];
    return `SELECT DISTINCT ON (${keys}) * ${from} ORDER BY ${keys}, ${order}`;
  }

  /** Whether a record whose key is there is written all the same. */
  #isWanted(): string {
    const { kind } = this.#entity.planned.conflict;
    if (kind === "keep" || kind === "reject") return "false";
    const hasLists = this.#lists.length > 0;
    if (kind === "replace") return hasLists ? "true" : this.#differs("s.", true);
    return `NOT (${this.#isOlder()}) AND s.${this.#version().name} IS NOT NULL AND ${this.#isOtherVersion()}`;
  }

  #isOlder(): string {
    const { name } = this.#version();
    const staged = castValue(this.#version(), "s.");
    return `t.${name} IS NOT NULL AND (${staged} IS NULL OR ${staged} < t.${name})`;
  }

  /** A tombstone without a version takes out what is there when it comes. */
  #isOlderTombstone(): string {
    const version = this.#version();
    return `t.${version.name} IS NOT NULL AND ${castValue(version, "s.")} < t.${version.name}`;
  }

  #isOtherVersion(): string {
    return `t.${this.#version().name} IS DISTINCT FROM ${castValue(this.#version(), "s.")}`;
  }

  #version(): StoredColumn {
    return this.#entity.columns[this.#entity.planned.version!]!;
  }

  /** Whether the row would change: one that would not is not written, so that nothing grows. */
  #differs(alias: string, isStaged: boolean): string {
    if (this.#others.length === 0) return "false";
    if (this.#others.some(({ isComparable }) => !isComparable)) return "true";
    const values = this.#others.map((column) =>
      isStaged ? castValue(column, alias) : `${alias}${column.name}`,
    );
    return `(${columnNames(this.#others, "t.")}) IS DISTINCT FROM (${values.join(", ")})`;
  }

  #keyValues(): string {
    return this.#key.map((column) => castValue(column, "s.")).join(", ");
  }

  #sameKeyOf(stored: string, winner: string): string {
    return this.#key.map(({ name }) => `${stored}${name} = ${winner}${name}`).join(" AND ");
  }

  /** The first columns of a list are the key of its owner. */
  #isOf(list: StoredList, value: string, owner: string): string {
    return this.#key
      .map(({ name }, at) => `${value}${list.columns[at]!.name} = ${owner}${name}`)
      .join(" AND ");
  }

  #isRecord(part: StagedPart): string {
    return `${this.#isStagedRecord(part)} AND ${this.#isAlive()}`;
  }

  #isStagedRecord(part: StagedPart): string {
    return `${inPart(part)}${this.#staging.form.hasTombstones ? ` AND NOT s.${deletedColumn}` : ""}`;
  }

  /** Whether no deletion that is noted takes the record out. */
  #isAlive(): string {
    if (!remembersDeletions(this.#entity)) return "true";
    const { name } = this.#version();
    return `NOT EXISTS (SELECT FROM ${deletionsName(this.#entity)} d
      WHERE ${this.#sameKeyOf("d.", "s.")} AND (s.${name} IS NULL OR d.${name} >= s.${name}))`;
  }

  #buried(): StoredColumn[] {
    return tombstoneColumns(this.#entity.planned).map((column) => this.#entity.columns[column]!);
  }

  #isTombstone(part: StagedPart): string {
    return `${inPart(part)} AND s.${deletedColumn}`;
  }
}

function isWinner(alias: string, at: string | null): string {
  return at === null ? "true" : `${alias}.ctid = ${at}`;
}

function inPart({ range, round }: StagedPart): string {
  return `${inRange(range)}${round === null ? "" : ` AND s.${roundColumn} = ${round}`}`;
}

function inRange(range: OrdinalRange): string {
  if (range === null) return "true";
  return `s.${ordinalColumn} >= ${range.from} AND s.${ordinalColumn} < ${range.to}`;
}
