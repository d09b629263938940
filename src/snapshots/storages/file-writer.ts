import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readlinkSync } from "node:fs";
import { type FileHandle, link, open, opendir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import {
  asDiskCondition,
  leftFileHoursMin,
  PlimsollError,
  startTicksOf,
  syncFolder,
} from "../../kernel/index.js";

/** Where files are while they are written, within the storage's folder so that a rename can move them. */
const writingFolder = ".plimsoll-writing";

/** What file systems without links say to one. */
const linkless = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

export interface FileWriting {
  root: string;
  name: string;
  chunks: AsyncIterable<Uint8Array>;
  isNew: boolean;
  signal: AbortSignal;
}

/** Writes beside, syncs, and moves into place: others see the whole file or none. Returns its size. */
export async function writeFileWhole(writing: FileWriting): Promise<number> {
  const { root, name, signal } = writing;
  signal.throwIfAborted();
  const target = join(root, name);
  const temporary = join(root, writingFolder, ownName());
  try {
    const bytes = await writeTemporary(temporary, writing);
    await onDisk(root, async () => makeFolder(dirname(target)));
    signal.throwIfAborted();
    if (writing.isNew) await linkNew(temporary, target, writing);
    else await onDisk(root, () => rename(temporary, target));
    await onDisk(root, async () => syncFolder(dirname(target)));
    return bytes;
  } finally {
    // What cannot be taken away is left for the cleaner: why the write failed counts more.
    await rm(temporary, { force: true }).catch(() => {});
  }
}

async function writeTemporary(path: string, { root, chunks, signal }: FileWriting): Promise<number> {
  const file = await onDisk(root, () => {
    makeFolder(dirname(path));
    return open(path, "wx");
  });
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      await onDisk(root, () => writeAll(file, chunk, bytes));
      bytes += chunk.byteLength;
    }
    signal.throwIfAborted();
    await onDisk(root, () => file.sync());
    return bytes;
  } finally {
    await file.close();
  }
}

/** Unlike a rename, a link never takes the place of a file. */
async function linkNew(temporary: string, target: string, { root, name }: FileWriting): Promise<void> {
  await onDisk(root, async () => {
    try {
      await link(temporary, target);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const storage = `file:${root}`;
      if (code === "EEXIST") throw new PlimsollError("SNAPSHOT_NAME_TAKEN", { name, storage });
      if (linkless.has(code ?? ""))
        throw new PlimsollError("STORAGE_UNCONDITIONAL", { name, storage, reason: message });
      throw error;
    }
  });
}

/** What fails here is the disk's, and not of whoever gives the chunks. */
async function onDisk<Result>(root: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw asDiskCondition(error, root);
  }
}

/** One call may take a part only. */
async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let from = 0; from < chunk.byteLength; ) {
    from += (await file.write(chunk, from, chunk.byteLength - from, position + from)).bytesWritten;
  }
}

/** Makes a folder and those above it, and their names durable. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { recursive: true });
  syncFolder(dirname(path));
}

/** Whose file it is can be read off its name: process, when that started, and where its number means it. */
function ownName(): string {
  const words = [process.pid, startTicksOf(process.pid) ?? "", randomBytes(8).toString("hex"), processRoom()];
  return words.join("~");
}

/** Containers may share a machine's name and still have process numbers of their own. */
function processRoom(): string {
  try {
    return `${hostname()}-${readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
  } catch {
    return hostname();
  }
}

/** Removes what killed writers have left in the folder of files on their way. */
export async function removeLeftFiles(root: string, wallMs: number, signal: AbortSignal): Promise<number> {
  const folder = join(root, writingFolder);
  if (!existsSync(folder)) return 0;
  let removed = 0;
  for await (const { name } of await opendir(folder)) {
    signal.throwIfAborted();
    if (!(await isLeft(join(folder, name), name, wallMs))) continue;
    await rm(join(folder, name), { force: true });
    removed++;
  }
  return removed;
}

/** Processes of this room can be looked at; of others only the time of the last write tells something. */
async function isLeft(path: string, name: string, wallMs: number): Promise<boolean> {
  const [pid, startTicks, , room] = name.split("~");
  if (room === processRoom() && startTicks !== "")
    return String(startTicksOf(Number(pid)) ?? "gone") !== startTicks;
  try {
    return wallMs - (await stat(path)).mtimeMs > leftFileHoursMin * 3_600_000;
  } catch {
    return false;
  }
}
