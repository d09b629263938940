import { constants, existsSync, ftruncateSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../kernel/index.js";
import type { ImportMark } from "./import-mark.js";

/** A record as it is written: one line of JSON, and the entity that it is one of. */
export interface LoggedRecord {
  entity: string;
  /** It takes out the record with its key, and need have nothing else. */
  isDeletion?: boolean;
  /** Set on records of an import: the same object on those that are written together. */
  mark?: ImportMark;
  bytes: Uint8Array;
}

/** In front of a frame: the bytes of its body, and their checksum. */
const headBytes = 8;
const lineFeed = 10;
const tab = 9;
/** In front of the name, with which none begins, where a record deletes. */
const deletionMark = "-";
/** The name on a line that says of which import those behind it in the frame are. */
const importName = "=";
/** Here a write is on the disk when it returns: one call for a commit. Elsewhere a second one syncs it. */
const isWriteSynced = process.platform === "linux";
const syncFlag = isWriteSynced ? constants.O_DSYNC : 0;
const openFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | syncFlag;
const namePattern = /^(\d{12})\.log$/;

/**
 * An append-only file of frames, one a commit: each line of a frame is the name of an entity, behind a mark
 * when it deletes, a tab and a record. Marks of imports stand between them. What a crash left half written
 * has no right checksum and counts for nothing; a log that was found is never appended to.
 */
export class LiveLog implements AsyncDisposable {
  readonly number: number;
  readonly #file: FileHandle;
  /** Bytes of frames that were acknowledged. */
  #bytes = 0;

  private constructor(number: number, file: FileHandle) {
    this.number = number;
    this.#file = file;
  }

  static async create(dir: string, number: number): Promise<LiveLog> {
    const file = await open(pathOf(dir, number), openFlags);
    try {
      syncFolder(dir);
    } catch (error) {
      await file.close();
      rmSync(pathOf(dir, number), { force: true });
      throw error;
    }
    return new LiveLog(number, file);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the records are on the disk: to the bytes of the log that are so from then on. */
  async append(records: readonly LoggedRecord[]): Promise<number> {
    const frame = frameOf(records);
    // A disk that fills up takes a part of a write, and fails with the next.
    for (let done = 0; done < frame.length; ) {
      const { bytesWritten } = await this.#file.write(frame, done, frame.length - done, this.#bytes + done);
      done += bytesWritten;
    }
    if (!isWriteSynced) await this.#file.datasync();
    return this.#bytes + frame.length;
  }

  /** Everything up to here counts. */
  accept(bytes: number): void {
    this.#bytes = bytes;
  }

  /** What was appended last is as if it had never been. */
  cut(): void {
    ftruncateSync(this.#file.fd, this.#bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** The numbers of the logs in a folder, rising. */
export function logNumbers(dir: string): number[] {
  if (!existsSync(dir)) return [];
  const matches = readdirSync(dir).map((name) => namePattern.exec(name));
  return matches.flatMap((match) => (match === null ? [] : [Number(match[1])])).sort((a, b) => a - b);
}

export function removeLog(dir: string, number: number): void {
  rmSync(pathOf(dir, number), { force: true });
  syncFolder(dir);
}

/**
 * The records of a log that are whole, in the order in which they were written; up to a byte where one is
 * said. They come one by one: as many small ones as a part may have take several times what their log does.
 */
export function* recordsIn(log: Buffer, bytes = Number.POSITIVE_INFINITY): Generator<LoggedRecord> {
  const names: Names = new Map();
  for (let at = 0; at + headBytes <= Math.min(log.length, bytes); ) {
    const end = at + headBytes + log.readUInt32LE(at);
    if (end > log.length || end === at + headBytes) break;
    const body = log.subarray(at + headBytes, end);
    if (crc32(body) !== log.readUInt32LE(at + 4)) break;
    yield* recordsOfFrame(body, names);
    at = end;
  }
}

/** Whether no record of a log is whole. */
export function isEmptyLog(log: Buffer): boolean {
  return recordsIn(log).next().done === true;
}

/** Nothing where another process has removed the log, because it has folded it. */
export function readLog(dir: string, number: number): Buffer {
  try {
    return readFileSync(pathOf(dir, number));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** What stands in front of the records of a log: one text for all of an entity. */
type Names = Map<string, Omit<LoggedRecord, "bytes">>;

function* recordsOfFrame(body: Buffer, names: Names): Generator<LoggedRecord> {
  let mark: { mark?: ImportMark } = {};
  for (let line = 0; line < body.length; ) {
    const lineEnd = body.indexOf(lineFeed, line);
    const nameEnd = body.indexOf(tab, line);
    const name = body.toString("utf8", line, nameEnd);
    const bytes = body.subarray(nameEnd + 1, lineEnd);
    line = lineEnd + 1;
    if (name === importName) {
      const read = JSON.parse(bytes.toString("utf8")) as ImportMark | null;
      mark = read === null ? {} : { mark: read };
      continue;
    }
    if (!names.has(name)) names.set(name, headOf(name));
    yield { ...names.get(name)!, ...mark, bytes };
  }
}

function headOf(name: string): Omit<LoggedRecord, "bytes"> {
  const isDeletion = name.startsWith(deletionMark);
  return { entity: isDeletion ? name.slice(deletionMark.length) : name, isDeletion };
}

function pathOf(dir: string, number: number): string {
  return join(dir, `${String(number).padStart(12, "0")}.log`);
}

/** The records with the marks that stand in front of them. */
function frameOf(records: readonly LoggedRecord[]): Buffer {
  const heads = new LineHeads();
  let bytes = headBytes;
  for (const record of records) bytes += heads.bytesOf(record) + record.bytes.length + 1;
  heads.restart();
  const frame = Buffer.allocUnsafe(bytes);
  let at = headBytes;
  for (const record of records) {
    at = heads.write(record, frame, at);
    frame.set(record.bytes, at);
    at += record.bytes.length;
    frame[at++] = lineFeed;
  }
  const body = frame.subarray(headBytes);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32(body), 4);
  return frame;
}

/** What stands in front of records: the name, and a line of its own where the import is another one. */
class LineHeads {
  readonly #names = new Map<string, Buffer>();
  #mark: ImportMark | undefined;

  bytesOf({ entity, isDeletion = false, mark }: LoggedRecord): number {
    return this.#nameOf(entity, isDeletion).length + (mark === this.#mark ? 0 : this.#lineOf(mark).length);
  }

  write({ entity, isDeletion = false, mark }: LoggedRecord, frame: Buffer, at: number): number {
    const end = mark === this.#mark ? at : at + this.#lineOf(mark).copy(frame, at);
    return end + this.#nameOf(entity, isDeletion).copy(frame, end);
  }

  restart(): void {
    this.#mark = undefined;
  }

  #nameOf(entity: string, isDeletion: boolean): Buffer {
    const name = isDeletion ? `${deletionMark}${entity}` : entity;
    let bytes = this.#names.get(name);
    if (bytes === undefined) {
      bytes = Buffer.from(`${name}\t`);
      this.#names.set(name, bytes);
    }
    return bytes;
  }

  /** From here on records are of this import. */
  #lineOf(mark: ImportMark | undefined): Buffer {
    this.#mark = mark;
    return Buffer.from(`${importName}\t${JSON.stringify(mark ?? null)}\n`);
  }
}
