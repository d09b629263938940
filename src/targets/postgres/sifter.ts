import { rowHeadBytesMax } from "../../kernel/index.js";
import { RowFault, refusedFor, rowClasses } from "./conditions.js";
import type { Connection } from "./connection.js";
import type { ListParts, SettleSql } from "./settle-sql.js";

/** A staged record that the server refuses, by its ordinal in the chunk. */
export interface Refused {
  ordinal: number;
  reason: string;
}

interface RefusedRow {
  refused: number;
  message: string;
  detail: string;
}

const lower = "plimsoll_lower";
const upper = "plimsoll_upper";
const one = "plimsoll_one";
const at = "plimsoll_at";

/**
 * Finds out which of some staged records a table refuses, in one question: a function of the session writes
 * them one after another, each on trial, so that what one of them does to a later one counts as well. The
 * statements are those that settle a whole range, held to the place of one winner. What it wrote is taken
 * back.
 */
export class Sifter {
  readonly #connection: Connection;
  readonly #sql: SettleSql;
  readonly #lists: readonly ListParts[];
  readonly #name: string;
  /** Null until it was tried to make the function. */
  #isMade: boolean | null = null;

  constructor(connection: Connection, sql: SettleSql, lists: readonly ListParts[], number: number) {
    this.#connection = connection;
    this.#sql = sql;
    this.#lists = lists;
    this.#name = `pg_temp.plimsoll_sift_${number}`;
  }

  /** Null where the server has no way to tell: halving finds them then. */
  async sift(from: number, to: number): Promise<Refused[] | null> {
    this.#isMade ??= (await this.#onTrial(() => this.#connection.run(this.#makeFunction()), true)) !== null;
    if (!this.#isMade) return null;
    const ask = () => this.#connection.rows<RefusedRow>(`SELECT * FROM ${this.#name}($1, $2)`, [from, to]);
    const rows = await this.#onTrial(ask, false);
    return (
      rows?.map(({ refused, message, detail }) => ({
        ordinal: refused,
        reason: refusedFor(message, detail),
      })) ?? null
    );
  }

  /** Null when a row stood in the way, or when the server has not what it takes. */
  async #onTrial<T>(work: () => Promise<T>, isKept: boolean): Promise<T | null> {
    await this.#connection.run("SAVEPOINT sifting");
    try {
      const answer = await work();
      await this.#connection.run(
        `${isKept ? "" : "ROLLBACK TO SAVEPOINT sifting; "}RELEASE SAVEPOINT sifting`,
      );
      return answer;
    } catch (error) {
      if (!(error instanceof RowFault || isLacking(error))) throw error;
      await this.#connection.run("ROLLBACK TO SAVEPOINT sifting; RELEASE SAVEPOINT sifting");
      return null;
    }
  }

  /**
   * Winners are found for all at once, or one by one where a value does not fit its column; then each is
   * written by itself.
   */
  #makeFunction(): string {
    const sql = this.#sql;
    const range = { from: lower, to: upper };
    const alone = { range: { from: one, to: `${one} + 1` }, round: null, mayRepeat: false };
    const replace = [sql.updateRows(at), ...this.#lists.map((list) => sql.removeStaleValues(list, at))];
    const add = this.#lists.map((list) => sql.insertValues(list, one));
    return `CREATE FUNCTION ${this.#name}(${lower} integer, ${upper} integer)
      RETURNS TABLE (refused integer, message text, detail text) LANGUAGE plpgsql AS $plimsoll$
      #variable_conflict use_column
      DECLARE ${one} integer; ${at} tid; plimsoll_replaces boolean;
      BEGIN
        BEGIN
          ${sql.findWinners({ range, round: null, mayRepeat: true })};
        EXCEPTION WHEN OTHERS THEN
          ${assertOfRow}
          FOR ${one} IN ${sql.chosenOrdinals({ range, round: null, mayRepeat: true })} LOOP
            BEGIN ${sql.findWinners(alone)}; ${returnRefused} END;
          END LOOP;
        END;
        FOR ${at}, ${one}, plimsoll_replaces IN ${sql.listWinners()} LOOP
          BEGIN
            IF plimsoll_replaces THEN ${statements(replace)} ELSE ${sql.insertRows(at)}; END IF;
            ${statements(add)}
            ${returnRefused}
          END;
        END LOOP;
      END $plimsoll$`;
  }
}

function statements(all: readonly (string | null)[]): string {
  return all.map((statement) => `${statement ?? "NULL"};`).join("\n");
}

const classes = [...rowClasses].map((name) => `'${name}'`).join(", ");

/** What is no record's fault ends the function. */
const assertOfRow = `IF left(SQLSTATE, 2) NOT IN (${classes}) THEN RAISE; END IF;`;

/** Tells the record that the statements before it were done for. */
const returnRefused = `EXCEPTION WHEN OTHERS THEN
  ${assertOfRow}
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  message := left(message, ${rowHeadBytesMax});
  detail := left(detail, ${rowHeadBytesMax});
  refused := ${one};
  RETURN NEXT;`;

/** The right to make functions, or the language of this one. */
function isLacking(error: unknown): boolean {
  const state = error instanceof Error ? (error.cause as { code?: string } | undefined)?.code : undefined;
  return state?.startsWith("42") === true || state?.startsWith("0A") === true;
}
