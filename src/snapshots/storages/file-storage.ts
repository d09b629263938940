import { constants, existsSync } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  asDiskCondition,
  type Clock,
  objectChunkBytes,
  PlimsollError,
  systemClock,
} from "../../kernel/index.js";
import type {
  SnapshotStorage,
  StorageCallOptions,
  StorageReadOptions,
  StorageWriteOptions,
  StoredObject,
} from "../../ports/index.js";
import { makeFolder, removeLeftFiles, writeFileWhole } from "./file-writer.js";
import { folderNames } from "./folder-names.js";
import { checkObjectName } from "./object-name.js";

/** Files whose sizes are asked for together: one by one each would wait for a thread of its own. */
const sizesAtOnce = 64;

export interface FileStorageOptions {
  /** The folder is made where there is none; otherwise only a write makes it. */
  isMade?: boolean;
  clock?: Clock;
  /** Names that a listing holds at once, twice over while it chooses. */
  namesAtOnce?: number;
}

/** Objects as files of a folder: plain ones, no links. */
export class FileStorage implements SnapshotStorage {
  readonly name: string;
  readonly capabilities = { conditionalWrite: true };
  readonly #root: string;
  readonly #options: FileStorageOptions;
  #cleaned: Promise<number> | undefined;

  constructor(folder: string, options: FileStorageOptions = {}) {
    this.#root = resolve(folder);
    this.name = `file:${this.#root}`;
    this.#options = options;
    if (options.isMade === true) makeFolder(this.#root);
  }

  async *list(prefix: string, { signal }: StorageCallOptions): AsyncIterable<StoredObject> {
    signal.throwIfAborted();
    this.#checkFolder();
    const { namesAtOnce } = this.#options;
    const options = { prefix, signal, ...(namesAtOnce === undefined ? {} : { namesAtOnce }) };
    const names = folderNames(this.#root, options);
    for (;;) {
      const page = await nextOf(names, sizesAtOnce).catch((error: unknown) => this.#failRead(error));
      const sizes = await Promise.all(page.map((name) => bytesOf(join(this.#root, name))));
      for (const [index, name] of page.entries()) {
        const bytes = sizes[index]!;
        if (bytes !== null) yield { name, bytes };
        signal.throwIfAborted();
      }
      if (page.length < sizesAtOnce) return;
    }
  }

  async *read(name: string, { signal, offset = 0 }: StorageReadOptions): AsyncIterable<Uint8Array> {
    checkObjectName(name);
    signal.throwIfAborted();
    this.#checkFolder();
    const file = await this.#open(name);
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(1, Math.min(objectChunkBytes, size - offset)));
      for (let position = offset; position < size; ) {
        signal.throwIfAborted();
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - position), position);
        if (bytesRead === 0)
          throw new PlimsollError("SNAPSHOT_CUT", {
            name,
            storage: this.name,
            reason: `it ends at byte ${position} of ${size}`,
          });
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async write(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    { signal, isNew = false }: StorageWriteOptions,
  ): Promise<StoredObject> {
    checkObjectName(name);
    // Whoever never runs the cleaner gets rid of what was killed here too.
    this.#cleaned ??= this.removeLeftovers({ signal });
    await this.#cleaned.catch(() => {});
    const bytes = await writeFileWhole({ root: this.#root, name, chunks, isNew, signal });
    return { name, bytes };
  }

  async remove(name: string, { signal }: StorageCallOptions): Promise<void> {
    checkObjectName(name);
    signal.throwIfAborted();
    try {
      await rm(join(this.#root, name), { force: true });
    } catch (error) {
      throw asDiskCondition(error, this.#root);
    }
  }

  removeLeftovers({ signal }: StorageCallOptions): Promise<number> {
    return removeLeftFiles(this.#root, (this.#options.clock ?? systemClock).wallMs(), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #checkFolder(): void {
    if (!existsSync(this.#root))
      throw new PlimsollError("STORAGE_ABSENT", { kind: "folder", storage: this.#root });
  }

  async #open(name: string): Promise<FileHandle> {
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
    const file = await open(join(this.#root, name), flags).catch((error: NodeJS.ErrnoException) => {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(error.code ?? "")) throw this.#absent(name);
      return this.#failRead(error);
    });
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw this.#absent(name);
  }

  #failRead(error: unknown): never {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new PlimsollError("STORAGE_UNREADABLE", { storage: this.name, reason: message }, { cause: error });
  }

  #absent(name: string): PlimsollError {
    return new PlimsollError("SNAPSHOT_ABSENT", { name, storage: this.name });
  }
}

/** As many as that, and fewer at the end. */
async function nextOf(names: AsyncGenerator<string>, count: number): Promise<string[]> {
  const page: string[] = [];
  while (page.length < count) {
    const { value, done } = await names.next();
    if (done === true) break;
    page.push(value);
  }
  return page;
}

/** Null for a file that is gone since it was listed. */
async function bytesOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
