import { assert, PlimsollError, shownAddress } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { Target } from "../ports/index.js";
import type { DatabaseStats } from "../targets/sqlite/index.js";

export interface TargetChoice {
  /** As given but for its password, for messages. */
  name: string;
  kind: "lmdb" | "sqlite" | "postgres" | "null";
  /** Folder of the embedded store, or the database's file; null where nothing lies in files here. */
  path: string | null;
  /** The address of a database on a server, which may hold a password. */
  url?: string;
  /** Where rejects go that nobody names a file for, when there is no path to put them beside. */
  rejectsPath?: string;
  /** A table of the database that is there already. */
  table?: string;
}

/** Reads what --into names; a folder may be written bare. */
export function parseTarget(text: string, command: string): TargetChoice {
  if (text === "null:") return { name: text, kind: "null", path: null };
  if (text.startsWith("sqlite:")) return sqliteChoice(text, command);
  if (/^postgres(ql)?:/i.test(text)) return postgresChoice(text, command);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1];
  if (scheme !== undefined && scheme !== "lmdb") {
    const known = "DIR, lmdb:DIR (the embedded store), sqlite:FILE, postgres://HOST/DATABASE or null:";
    const what = `--into ${text} names no target that there is: ${known}`;
    throw new PlimsollError("USAGE", { what, command });
  }
  return { name: text, kind: "lmdb", path: storePath(text, command) };
}

/** `sqlite:FILE`, or `sqlite:FILE#TABLE` for a table that is there. */
function sqliteChoice(text: string, command: string): TargetChoice {
  const [, path = "", table] = /^sqlite:(?:\/\/(?=\/))?([^#]*)(?:#(.+))?$/.exec(text) ?? [];
  if (path === "") {
    throw new PlimsollError("USAGE", { what: `--into ${text} names no file: sqlite:FILE`, command });
  }
  return { name: text, kind: "sqlite", path, ...(table === undefined ? {} : { table }) };
}

/** `postgres://USER@HOST:PORT/DATABASE`, or with `#TABLE` behind it for a table that is there. */
function postgresChoice(url: string, command: string): TargetChoice {
  const name = shownAddress(url);
  if (name === null) {
    // The text is left out: it may hold a password.
    const what = "--into names no address that can be read: postgres://USER@HOST:PORT/DATABASE";
    throw new PlimsollError("USAGE", { what, command });
  }
  const [, last = ""] = /([^/#?]*)(?:[#?].*)?$/.exec(name) ?? [];
  const rejectsPath = `${last.replace(/[^\w.-]/g, "_") || "postgres"}.rejects.jsonl`;
  return { name, kind: "postgres", path: null, url, rejectsPath };
}

/** Databases with tables of their own, which their own tools query. */
const relationalPattern = /^(sqlite|postgres(ql)?):/i;

/** The database that a command is to read; null when it names a store. */
export function relationalChoice(text: string, command: string): TargetChoice | null {
  return relationalPattern.test(text) ? parseTarget(text, command) : null;
}

/** What imports have put into a database. */
export async function relationalStats({ path, table, url }: TargetChoice): Promise<DatabaseStats> {
  if (url !== undefined) return (await import("../targets/postgres/index.js")).postgresStats(url);
  assert(path !== null, "a database has a place");
  return (await import("../targets/sqlite/index.js")).sqliteStats(path, table ?? null);
}

/** The folder of a store, with or without its prefix. */
export function storePath(text: string, command: string): string {
  if (relationalPattern.test(text)) {
    throw new PlimsollError("TARGET_NOT_OFFERED", {
      what: `\`plimsoll ${command}\``,
      target: shownAddress(text) ?? text,
    });
  }
  const path = text.replace(/^lmdb:(\/\/(?=\/))?/, "");
  if (path === "")
    throw new PlimsollError("USAGE", { what: "a store is a folder, and none is named", command });
  return path;
}

/** Whether records become rows, of which nothing is kept but what has a column. */
export function isRelationalTarget({ kind }: TargetChoice): boolean {
  return kind === "sqlite" || kind === "postgres";
}

export async function makeTarget(choice: TargetChoice): Promise<Target> {
  if (choice.url !== undefined) {
    return (await import("../targets/postgres/index.js")).postgresTarget(choice.url);
  }
  if (choice.path === null) return (await import("../targets/null/index.js")).nullTarget();
  if (choice.kind === "sqlite") {
    const { sqliteTarget } = await import("../targets/sqlite/index.js");
    return sqliteTarget(choice.path, choice.table === undefined ? {} : { table: choice.table });
  }
  return (await import("../targets/lmdb/index.js")).lmdbTarget(choice.path);
}

/** The mapping that a store keeps already; null when there is no store, or nothing in it yet. */
export async function readStoredMapping(choice: TargetChoice): Promise<CompiledMapping | null> {
  if (choice.url !== undefined) {
    return (await import("../targets/postgres/index.js")).postgresMapping(choice.url);
  }
  if (choice.path === null) return null;
  if (choice.kind === "sqlite") {
    // A table that was there says itself what it takes.
    if (choice.table !== undefined) return null;
    return (await import("../targets/sqlite/index.js")).sqliteMapping(choice.path);
  }
  const { existsSync, readdirSync } = await import("node:fs");
  if (!existsSync(choice.path) || readdirSync(choice.path).length === 0) return null;
  const { openStoreReader } = await import("../targets/lmdb/index.js");
  try {
    await using reader = await openStoreReader(choice.path);
    return reader.mapping.entities.length === 0 ? null : reader.mapping;
  } catch (error) {
    // The import itself will say what is wrong with the folder, or find the store empty.
    if (error instanceof PlimsollError && error.code === "STORE_ABSENT") return null;
    throw error;
  }
}
