import { PlimsollError } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { Target } from "../ports/index.js";

export interface TargetChoice {
  /** As given, for messages. */
  name: string;
  kind: "lmdb" | "null";
  /** Folder of the embedded store; null for the null target. */
  path: string | null;
}

/** Reads what --into names; a folder may be written bare. */
export function parseTarget(text: string, command: string): TargetChoice {
  if (text === "null:") return { name: text, kind: "null", path: null };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1];
  if (scheme !== undefined && scheme !== "lmdb") {
    const what = `--into ${text} names no target that there is: DIR, lmdb:DIR (the embedded store) or null:`;
    throw new PlimsollError("USAGE", { what, command });
  }
  return { name: text, kind: "lmdb", path: storePath(text, command) };
}

/** The folder of a store, with or without its prefix. */
export function storePath(text: string, command: string): string {
  const path = text.replace(/^lmdb:(\/\/(?=\/))?/, "");
  if (path === "")
    throw new PlimsollError("USAGE", { what: "a store is a folder, and none is named", command });
  return path;
}

export async function makeTarget(choice: TargetChoice): Promise<Target> {
  if (choice.path === null) return (await import("../targets/null/index.js")).nullTarget();
  return (await import("../targets/lmdb/index.js")).lmdbTarget(choice.path);
}

/** The mapping that a store keeps already; null when there is no store, or nothing in it yet. */
export async function readStoredMapping(choice: TargetChoice): Promise<CompiledMapping | null> {
  if (choice.path === null) return null;
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
