import { noRowCounts, type RowCounts } from "../../ports/index.js";
import type { SettleSql } from "./settle-sql.js";
import type { Loser, Settled } from "./settled.js";
import type { StoredEntity } from "./stored-table.js";

const countNames = Object.keys(noRowCounts()) as (keyof RowCounts)[];
/** Classes of SQLSTATE that are told of the record: the same as a row's elsewhere (conditions.ts). */
const rowClasses = "'21', '22', '23', '44', 'P0', '54'";

/**
 * A row of the table of fates: a record that was turned down, or (without an ordinal) counts of the others.
 */
export type Fate = Record<keyof RowCounts, number> & {
  ordinal: number | null;
  is_refused: boolean;
  reason: string;
  head: string | null;
};

/**
 * Statements that settle the staged records of a range one after another, all on the server: what would take
 * some twenty questions for each record that is refused takes one for the range. Each record goes by the
 * statements by which many do. Records with lists and tombstones are not for it.
 */
export class SettleSinglySql {
  readonly #sql: SettleSql;
  readonly #entity: StoredEntity;
  readonly #fates: string;

  constructor(sql: SettleSql, entity: StoredEntity) {
    this.#sql = sql;
    this.#entity = entity;
    this.#fates = `plimsoll_fates_${entity.planned.number}`;
  }

  makeFates(): string {
    const counts = countNames.map((name) => `${name} integer`).join(", ");
    return `CREATE TEMP TABLE ${this.#fates} (ordinal integer, is_refused boolean, reason text, ${counts})
      ON COMMIT DELETE ROWS`;
  }

  settle({ from, to }: { from: number; to: number }): string {
    const part = { range: { from: "o", to: "o + 1" }, round: null, mayRepeat: false };
    const sql = this.#sql;
    const update = sql.updateRows();
    const declared = countNames.map((name) => `n_${name} integer := 0;`).join(" ");
    return `DO $settle$ DECLARE
      records bigint; alive bigint; winners bigint; fresh bigint; text_ text; detail_ text; state_ text;
      v_stored bigint; v_replaced bigint; v_duplicates bigint; v_superseded bigint; ${declared}
      BEGIN FOR o IN ${from}..${to - 1} LOOP BEGIN
        ${into(sql.countRecords(part), "records, alive")};
        IF alive > 0 THEN
          ${this.#isNewest ? `${into(sql.countVersions(part), versionNames)};` : ""}
          ${sql.findWinners(part)};
          ${into(sql.countWinners(), "winners, fresh")};
          ${update === null ? "" : `IF winners > fresh THEN ${update}; END IF;`}
          IF fresh > 0 THEN ${sql.insertRows()}; END IF;
          DELETE FROM ${sql.winners};
          ${this.#count()}
        END IF;
        n_deleted := n_deleted + (records - alive);
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS text_ = MESSAGE_TEXT, detail_ = PG_EXCEPTION_DETAIL, state_ = RETURNED_SQLSTATE;
        IF left(state_, 2) NOT IN (${rowClasses}) THEN RAISE; END IF;
        INSERT INTO ${this.#fates} (ordinal, is_refused, reason) VALUES (o, true,
          regexp_replace(trim(text_) || CASE WHEN detail_ = '' THEN '' ELSE ': ' || detail_ END, '\\.$', ''));
      END; END LOOP;
      INSERT INTO ${this.#fates} (${countNames.join(", ")})
        VALUES (${countNames.map((name) => `n_${name}`).join(", ")});
      END $settle$`;
  }

  readFates(headCharsMax: number): string {
    const head = this.#sql.showRow(headCharsMax, "f.ordinal");
    return `SELECT f.*, (${head}) AS head FROM ${this.#fates} f ORDER BY f.ordinal`;
  }

  clearFates(): string {
    return `TRUNCATE ${this.#fates}, ${this.#sql.winners}`;
  }

  get #isNewest(): boolean {
    return this.#entity.planned.conflict.kind === "newest" && this.#entity.key.length > 0;
  }

  /** Behind all that may fail, since variables are not rolled back. */
  #count(): string {
    if (this.#isNewest) {
      return ["stored", "replaced", "duplicates", "superseded"]
        .map((name) => `n_${name} := n_${name} + v_${name};`)
        .join(" ");
    }
    const stored = "n_stored := n_stored + fresh;";
    const { kind } = this.#entity.planned.conflict;
    if (kind === "reject") {
      return `${stored} IF winners = 0 THEN
        INSERT INTO ${this.#fates} (ordinal, is_refused, reason) VALUES (o, false, ''); END IF;`;
    }
    const met = kind === "replace" ? "n_replaced" : "n_duplicates";
    return `${stored} ${met} := ${met} + (alive - fresh);`;
  }
}

const versionNames = "v_stored, v_replaced, v_duplicates, v_superseded";

/** What the fates come to. */
export function settledOf(fates: readonly Fate[]): Settled {
  const counts = noRowCounts();
  const losers: Loser[] = [];
  for (const fate of fates) {
    const { ordinal, is_refused: isRefused, reason } = fate;
    if (ordinal === null) for (const name of countNames) counts[name] += fate[name];
    else {
      const head = Buffer.from(fate.head ?? "");
      if (isRefused) losers.push({ ordinal, code: "ROW_REFUSED", reason, head });
      else losers.push({ ordinal, code: "CONFLICT_REJECTED", reason: "its key is there already", head });
    }
  }
  return { counts, losers };
}

/** A query whose one row goes into variables. */
function into(query: string, variables: string): string {
  return `SELECT * INTO ${variables} FROM (${query}) one`;
}
