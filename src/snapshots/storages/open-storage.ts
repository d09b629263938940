import { fileURLToPath } from "node:url";
import { PlimsollError } from "../../kernel/index.js";
import type { SnapshotStorage } from "../../ports/index.js";
import { parseS3Address } from "../../s3/index.js";
import { FileStorage, type FileStorageOptions } from "./file-storage.js";
import { MemoryStorage } from "./memory-storage.js";
import { S3Storage, type S3StorageOptions } from "./s3-storage.js";

export interface StorageSettings {
  file?: FileStorageOptions;
  s3?: S3StorageOptions & {
    /** Before each name as it is, in place of the folder that the address names. */
    prefix?: string | undefined;
  };
}

/** Opens the place that an address names: `s3://BUCKET/FOLDER`, `file:FOLDER`, or `memory:NAME` for tests. */
export async function openStorage(address: string, settings: StorageSettings = {}): Promise<SnapshotStorage> {
  const [, kind, rest] = /^([a-z0-9]+):(.*)$/s.exec(address) ?? [];
  if (kind === "s3") return openS3Storage(address, settings.s3);
  if (kind === "file") return new FileStorage(folderOf(address, rest!), settings.file);
  if (kind === "memory") return new MemoryStorage(rest!);
  throw new PlimsollError("STORAGE_ADDRESS", { address, reason: "it begins with none of `s3:` and `file:`" });
}

function openS3Storage(address: string, options: StorageSettings["s3"] = {}): S3Storage {
  const place = parseS3Address(address);
  if (place === null)
    throw new PlimsollError("STORAGE_ADDRESS", { address: hidden(address), reason: "it names no bucket" });
  const folder = place.key.replace(/\/+$/, "");
  return new S3Storage(place.bucket, options.prefix ?? (folder === "" ? "" : `${folder}/`), options);
}

/** Some write keys into addresses, where they do not belong. */
function hidden(address: string): string {
  return address.replace(/\/\/.*@/, "//...@");
}

/** `file:FOLDER` takes any path; `file:///FOLDER` is the same as a URL. */
function folderOf(address: string, rest: string): string {
  try {
    const path = rest.startsWith("//") ? fileURLToPath(address) : rest;
    if (path !== "") return path;
  } catch {}
  throw new PlimsollError("STORAGE_ADDRESS", { address, reason: "it names no folder of this machine" });
}
