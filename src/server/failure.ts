import { basename } from "node:path";
import { type ErrorCode, isPlimsollError } from "../kernel/index.js";

/** What each condition is in HTTP; one that is not here is the server's own trouble: 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  RELAY_MESSAGE: 400,
  USAGE: 400,
  QUERY_INVALID: 400,
  VALUE_TYPE: 400,
  TEXT_TOO_LONG: 400,
  MAPPING_INVALID: 400,
  SCHEMA_INVALID: 400,
  SCHEMA_UNSUPPORTED: 400,
  PROGRAM_TOO_LARGE: 400,
  ENTITY_UNCLEAR: 400,
  ENTITY_UNKNOWN: 400,
  FORMAT_UNKNOWN: 400,
  COMICS_ROOT: 400,
  UNSUPPORTED_ENCODING: 400,
  CSV_HEADER: 400,
  PARQUET_UNSUPPORTED: 400,
  RECORDS_ABSENT: 400,
  COMPRESSION_LIMIT: 400,
  UPLOAD_BROKEN_OFF: 400,
  TOKEN_MISSING: 401,
  TOKEN_TOO_WEAK: 403,
  REQUEST_REFUSED: 403,
  ROUTE_UNKNOWN: 404,
  METHOD_UNKNOWN: 405,
  IMPORT_UNKNOWN: 404,
  STORE_ABSENT: 404,
  IMPORT_STATE: 409,
  IMPORT_CANCELLED: 409,
  IMPORT_PENDING: 409,
  MAPPING_CONFLICT: 409,
  REPLICA_READ_ONLY: 409,
  STORE_NOT_SERVED: 409,
  STORE_LOCKED: 409,
  STORE_NOT_NOSTR: 409,
  SOURCE_CHANGED: 409,
  CURSOR_INVALID: 409,
  BODY_TOO_LARGE: 413,
  SOURCE_DAMAGED: 422,
  RECORD_REJECTED: 422,
  TOO_MANY_REJECTS: 422,
  KEY_COLLISIONS: 422,
  SERVER_BUSY: 503,
  SERVER_STOPPING: 503,
  INTERRUPTED: 503,
  STORE_CHANGED: 503,
  WORKER_LOST: 503,
  STORE_FULL: 507,
};

export interface FailureText {
  code: string;
  message: string;
}

export interface Failure {
  status: number;
  error: FailureText;
}

/** Conditions that name nothing but what the client asked for. */
const asked: ReadonlySet<string> = new Set<ErrorCode>(["ROUTE_UNKNOWN", "METHOD_UNKNOWN"]);

/**
 * What a client is told of an error. A store is called by the name of its folder: where it and other files
 * lie, like what went wrong inside, is nobody's business but that of whoever runs the server.
 */
export function failureOf(error: unknown, storePath: string): Failure {
  if (!isPlimsollError(error)) {
    const message = "Something went wrong in the server, and its log says what. Try again, or report it.";
    return { status: 500, error: { code: "UNEXPECTED", message } };
  }
  const { code, details } = error;
  let { message } = error;
  // What a client asked for is no secret from it.
  const told = asked.has(code) ? [] : Object.values(details).map(String);
  for (const text of told) message = message.replaceAll(text, withoutPaths(text, storePath));
  return { status: statusOf(code), error: { code, message } };
}

/** For the log, which may know everything. */
export function logTextOf(error: unknown): string {
  return isPlimsollError(error) ? `${error.code}: ${error.message}` : stackOf(error);
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export function statusOf(code: string): number {
  return (statuses as Record<string, number>)[code] ?? 500;
}

/** Every status that a condition can have: for the description of the interface. */
export const failureStatuses: readonly number[] = [...new Set([...Object.values(statuses), 500])].sort();

/** A text in which files go by their names alone. */
export function withoutPaths(text: string, storePath: string): string {
  const path = storePath.replace(/\/+$/, "");
  const named = path === "" ? text : text.replaceAll(path, basename(path));
  const shown = named.replaceAll(/\bfile:\/(?:[^\s/'"`]+\/)*(?=[^\s/'"`])/g, "file:");
  return shown.replaceAll(/(?<![\w/.:-])\/(?:[^\s/'"`]+\/)+(?=[^\s/'"`])/g, "");
}
