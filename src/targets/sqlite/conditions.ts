import { isPlimsollError, PlimsollError } from "../../kernel/index.js";

/** Results of SQLite that one record brought about: others may go on without it. */
const recordCodes = ["SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG", "SQLITE_RANGE"];

/** Why the database did not take a record, in its words; null for what no record is to blame for. */
export function recordFault(error: unknown): string | null {
  const code = codeOf(error);
  return recordCodes.some((one) => code.startsWith(one)) ? (error as Error).message : null;
}

/** What a result of SQLite means to the user; other errors stay as they are. */
export function asDatabaseCondition(error: unknown, database: string): unknown {
  const code = codeOf(error);
  if (code === "" || isPlimsollError(error)) return error;
  const reason = (error as Error).message;
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new PlimsollError("DATABASE_LOCKED", { database, reason }, { cause: error });
  }
  if (code.startsWith("SQLITE_FULL")) {
    return new PlimsollError("STORE_FULL", { store: database }, { cause: error });
  }
  if (code.startsWith("SQLITE_IOERR")) {
    return new PlimsollError("STORE_UNWRITABLE", { store: database, reason }, { cause: error });
  }
  return new PlimsollError("DATABASE_UNUSABLE", { database, reason }, { cause: error });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code !== "string") return "";
  // The driver has no names for results that are newer than it is, such as those of strict tables.
  const number = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code)?.[1];
  if (number !== undefined) return primaryCodes[Number(number) & 0xff] ?? "SQLITE_ERROR";
  return code.startsWith("SQLITE_") ? code : "";
}

/** The low eight bits of a result tell its kind. */
const primaryCodes: Readonly<Record<number, string>> = {
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  13: "SQLITE_FULL",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
};
