import pg from "pg";
import { type ErrorCode, PlimsollError } from "../../kernel/index.js";
import type { PostgresAddress } from "./address.js";

/** What a row was refused for: it costs the record, not the import. */
export class RowFault extends Error {
  readonly state: string;
  /** The row's place in a COPY, from 0; null when the server does not tell. */
  readonly row: number | null;

  constructor(error: pg.DatabaseError) {
    super(messageOf(error), { cause: error });
    this.state = error.code ?? "";
    // The outermost of the places that the server names is that of the COPY.
    const line = /^COPY .*, line (\d+)/.exec(error.where?.split("\n").at(-1) ?? "")?.[1];
    this.row = line === undefined ? null : Number(line) - 1;
  }
}

/**
 * Classes of SQLSTATE that a row's values bring about: its cardinality, its data, a constraint, a view's
 * check, what a trigger raises, and what is too large for a page or an index.
 */
export const rowClasses: ReadonlySet<string> = new Set(["21", "22", "23", "44", "P0", "54"]);

/** What other classes mean; the longest name that fits counts. */
const conditions: Record<string, ErrorCode> = {
  "08": "DATABASE_LOST",
  "28": "DATABASE_ACCESS",
  "40": "DATABASE_BUSY",
  "42501": "DATABASE_RIGHTS",
  "25006": "DATABASE_RIGHTS",
  "53": "DATABASE_FULL",
  "53300": "DATABASE_BUSY",
  "55P03": "DATABASE_BUSY",
  "57P": "DATABASE_LOST",
  "57P03": "DATABASE_UNREACHABLE",
  "58030": "DATABASE_FULL",
};

/** An error of a connection that is being made. */
export function asConnectCondition(error: unknown, { name, database }: PostgresAddress): PlimsollError {
  if (error instanceof PlimsollError) return error;
  const isTold = error instanceof pg.DatabaseError;
  if (isTold && error.code === "3D000") {
    return new PlimsollError("DATABASE_ABSENT", { target: name, database }, { cause: error });
  }
  const code = isTold ? conditionOf(error.code ?? "") : accessOrReach(error);
  return new PlimsollError(code, { target: name, reason: messageOf(error) }, { cause: error });
}

/** An error of a statement: a fault of a row, a condition of the server, or what it was where it is none. */
export function asDatabaseCondition(error: unknown, target: string): unknown {
  if (error instanceof PlimsollError || error instanceof RowFault) return error;
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? "";
    // A policy of row security refuses a row by the state of rights; the routine tells the two apart.
    const isPolicy = error.routine === "ExecWithCheckOptions";
    if (isPolicy || rowClasses.has(state.slice(0, 2))) return new RowFault(error);
    return new PlimsollError(conditionOf(state), { target, reason: messageOf(error) }, { cause: error });
  }
  // The driver's own errors, and those of its socket, tell of the connection.
  if (error instanceof Error && (isSystemError(error) || error.message.startsWith("Connection terminated"))) {
    return new PlimsollError("DATABASE_LOST", { target, reason: error.message }, { cause: error });
  }
  return error;
}

function conditionOf(state: string): ErrorCode {
  for (let length = state.length; length >= 2; length--) {
    const code = conditions[state.slice(0, length)];
    if (code !== undefined) return code;
  }
  return "DATABASE_FAILED";
}

/** The driver finds out by itself that it was given no password. */
function accessOrReach(error: unknown): ErrorCode {
  return error instanceof Error && /password/.test(error.message)
    ? "DATABASE_ACCESS"
    : "DATABASE_UNREACHABLE";
}

function isSystemError(error: Error): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined || "errno" in error;
}

/** What the server says, with what it says more closely about the row. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  if (!(error instanceof Error)) return String(error);
  return refusedFor(error.message, error instanceof pg.DatabaseError ? error.detail : undefined);
}

/** A reason as the server tells it, with what it says more closely about the row. */
export function refusedFor(message: string, detail: string | undefined): string {
  return `${message.trim()}${detail ? `: ${detail}` : ""}`.replace(/\.$/, "");
}
