import { fileURLToPath } from "node:url";
import { PlimsollError } from "../../kernel/index.js";
import type { SnapshotStorage } from "../../ports/index.js";
import { FileStorage, type FileStorageOptions } from "./file-storage.js";
import { MemoryStorage } from "./memory-storage.js";

export interface StorageSettings {
  file?: FileStorageOptions;
}

/** Opens the place that an address names: `file:FOLDER`, or `memory:NAME` for tests. */
export async function openStorage(address: string, settings: StorageSettings = {}): Promise<SnapshotStorage> {
  const [, kind, rest] = /^([a-z0-9]+):(.*)$/.exec(address) ?? [];
  if (kind === "file") return new FileStorage(folderOf(address, rest!), settings.file);
  if (kind === "memory") return new MemoryStorage(rest!);
  throw new PlimsollError("STORAGE_ADDRESS", { address, reason: "it begins with none of `s3:` and `file:`" });
}

/** `file:FOLDER` takes any path; `file:///FOLDER` is the same as a URL. */
function folderOf(address: string, rest: string): string {
  try {
    const path = rest.startsWith("//") ? fileURLToPath(address) : rest;
    if (path !== "") return path;
  } catch {}
  throw new PlimsollError("STORAGE_ADDRESS", { address, reason: "it names no folder of this machine" });
}
