import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../kernel/index.js";

/** A record as it is written: one line of JSON, and the entity that it is one of. */
export interface LoggedRecord {
  entity: string;
  bytes: Uint8Array;
}

/** In front of a frame: the bytes of its body, and their checksum. */
const headBytes = 8;
const lineFeed = 10;
const tab = 9;

/**
 * An append-only file of frames, one a commit: each line of a frame is the name of an entity, a tab and a
 * record. What a crash left half written has no right checksum and is cut off when the log is opened.
 */
export class LiveLog {
  readonly #path: string;
  #file: FileHandle;
  #bytes: number;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  static async open(path: string): Promise<LiveLog> {
    const file = await open(path, "a+");
    syncFolder(dirname(path));
    const { bytes } = readFrames(path);
    await file.truncate(bytes);
    await file.datasync();
    return new LiveLog(path, file, bytes);
  }

  /** Resolves when the records are on the disk; a frame that failed is as if it had never been. */
  async append(records: readonly LoggedRecord[]): Promise<void> {
    const frame = frameOf(records);
    try {
      await this.#file.write(frame, 0, frame.length);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.#bytes);
      throw error;
    }
    this.#bytes += frame.length;
  }

  /** The log goes on under another name, and takes nothing more. */
  async rename(path: string): Promise<void> {
    await this.#file.close();
    renameSync(this.#path, path);
    syncFolder(dirname(path));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** All records of a log that are whole, in the order in which they were written. */
export function readLog(path: string): LoggedRecord[] {
  return existsSync(path) ? readFrames(path).records : [];
}

export function removeLog(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

/** Cuts what a crash left behind the last whole frame. */
export function mendLog(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, readFrames(path).bytes);
  } finally {
    closeSync(file);
  }
}

function frameOf(records: readonly LoggedRecord[]): Buffer {
  const parts: Uint8Array[] = [Buffer.alloc(headBytes)];
  for (const { entity, bytes } of records) parts.push(Buffer.from(`${entity}\t`), bytes, newline);
  const frame = Buffer.concat(parts);
  const body = frame.subarray(headBytes);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32(body), 4);
  return frame;
}

const newline = Buffer.from("\n");

function readFrames(path: string): { records: LoggedRecord[]; bytes: number } {
  const log = readFileSync(path);
  const records: LoggedRecord[] = [];
  let at = 0;
  while (at + headBytes <= log.length) {
    const end = at + headBytes + log.readUInt32LE(at);
    if (end > log.length || end === at + headBytes) break;
    const body = log.subarray(at + headBytes, end);
    if (crc32(body) !== log.readUInt32LE(at + 4)) break;
    for (let line = 0; line < body.length; ) {
      const lineEnd = body.indexOf(lineFeed, line);
      const nameEnd = body.indexOf(tab, line);
      records.push({
        entity: body.toString("utf8", line, nameEnd),
        bytes: body.subarray(nameEnd + 1, lineEnd),
      });
      line = lineEnd + 1;
    }
    at = end;
  }
  return { records, bytes: at };
}
