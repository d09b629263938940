import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import {
  PlimsollError,
  rejectBufferBytes,
  rejectLineBytesMax,
  rejectSyncBytes,
  syncFolder,
} from "../kernel/index.js";
import { WritebackMeter } from "../memory/index.js";
import {
  parseRejectLine,
  type Reject,
  type RejectLine,
  type RerunCommand,
  rejectLine,
} from "./reject-line.js";

/** How every line of a rejects file begins. */
const lineStart = '{"source":';

export interface RejectsOptions {
  /** Null: nothing is written. */
  path: string | null;
  /** Bytes of the file that belong to the checkpoint; null when the import begins. */
  position: number | null;
  /** What this import reads: its own lines of a former run are taken out when it begins. */
  scope: { sources: readonly string[]; offset: number; limit: number | null };
  rerun: RerunCommand;
  /** Counts what is not on the disk yet. */
  meter?: WritebackMeter;
}

/**
 * Appends rejects as JSON lines. The file belongs to the target, not to one run: lines of other sources stay.
 * What is behind the checkpoint's position is cut off on resume and written again, so no line is lost or
 * doubled; when an import begins, the lines of the records that it will read again are taken out first.
 */
export class RejectsWriter {
  readonly path: string | null;
  readonly #rerun: RerunCommand;
  readonly #meter: WritebackMeter;
  #file: number | null = null;
  #lines: string[] = [];
  #lineBytes = 0;
  #position = 0;
  #unsynced = 0;
  /** What is on its way to the disk beside other work, and why that failed. */
  #syncing: Promise<void> | null = null;
  #syncingBytes = 0;
  #failure: Error | null = null;

  private constructor({ path, rerun, meter }: RejectsOptions) {
    this.path = path;
    this.#rerun = rerun;
    this.#meter = meter ?? new WritebackMeter();
  }

  static open(options: RejectsOptions): RejectsWriter {
    const { path, position } = options;
    const writer = new RejectsWriter(options);
    if (path === null) return writer;
    writer.#guard(() => {
      if (isDevice(path)) return;
      if (position === null) dropLines(path, options.scope);
      else writer.#cutTo(position);
      if (existsSync(path)) writer.#position = statSync(path).size;
    });
    return writer;
  }

  /** Bytes of the file, those waiting included: what the checkpoint keeps. */
  get position(): number {
    return this.#position + this.#lineBytes;
  }

  write(reject: Reject): void {
    if (this.path === null) return;
    const line: RejectLine = rejectLine(reject, this.#rerun);
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push(text);
    this.#lineBytes += Buffer.byteLength(text);
    if (this.#lineBytes >= rejectBufferBytes) this.#flush();
    if (this.#unsynced >= rejectSyncBytes) this.sync();
  }

  /** Bytes that were written and may not be on the disk yet. */
  get unsyncedBytes(): number {
    return this.#unsynced;
  }

  /** Everything written so far is on the disk; the answer goes into the checkpoint. */
  sync(): number {
    this.#flush();
    this.#guard(() => {
      if (this.#failure !== null) throw this.#failure;
      if (this.#unsynced > 0) this.#meter.sync(this.#file!, this.#unsynced);
    });
    this.#unsynced = 0;
    this.#syncingBytes = 0;
    return this.#position;
  }

  /** Brings what was written so far to the disk beside other work: `synced` has less to wait for then. */
  beginSync(): void {
    this.#flush();
    if (this.#unsynced === 0 || this.#syncing !== null) return;
    this.#syncingBytes = this.#unsynced;
    this.#syncing = new Promise((resolve) => {
      fdatasync(this.#file!, (error) => {
        this.#syncing = null;
        // The system tells of a failure once, so the next sync would not know of it.
        if (error !== null) this.#failure = error;
        else this.#noteSynced();
        resolve();
      });
    });
  }

  /** As `sync`, behind what was begun. */
  async synced(): Promise<number> {
    await this.#syncing;
    return this.sync();
  }

  /** What was not synced belongs to no checkpoint: it is written for people to see, if that can be done. */
  async close(): Promise<void> {
    await this.#syncing;
    try {
      this.#flush();
    } catch {
      // Whatever ended the import is told; this is no second condition.
    }
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#meter.wrote(-this.#unsynced);
    this.#unsynced = 0;
  }

  #noteSynced(): void {
    this.#unsynced -= this.#syncingBytes;
    this.#meter.wrote(-this.#syncingBytes);
    this.#syncingBytes = 0;
  }

  #flush(): void {
    if (this.#lineBytes === 0) return;
    this.#guard(() => {
      const bytes = Buffer.from(this.#lines.join(""));
      const file = this.#opened();
      const position = isDevice(this.path!) ? null : this.#position;
      let written = 0;
      while (written < bytes.length) {
        const at = position === null ? null : position + written;
        written += writeSync(file, bytes, written, bytes.length - written, at);
      }
      this.#position += bytes.length;
      if (position !== null) {
        this.#unsynced += bytes.length;
        this.#meter.wrote(bytes.length);
      }
      this.#lines = [];
      this.#lineBytes = 0;
    });
  }

  /** The file comes into being with its first line: an import without rejects leaves none. */
  #opened(): number {
    if (this.#file !== null) return this.#file;
    const path = this.path!;
    mkdirSync(dirname(path), { recursive: true });
    const isNew = !existsSync(path);
    this.#file = openSync(path, isNew ? "w" : "r+");
    if (isNew) syncFolder(dirname(path));
    return this.#file;
  }

  #cutTo(position: number): void {
    const path = this.path!;
    if (position === 0) {
      rmSync(path, { force: true });
      return;
    }
    const size = existsSync(path) ? statSync(path).size : 0;
    if (size < position) {
      throw rejectsUnwritable(path, `it holds ${size} bytes of the ${position} that were written`);
    }
    this.#file = openSync(path, "r+");
    ftruncateSync(this.#file, position);
    fsyncSync(this.#file);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof PlimsollError) throw error;
      throw rejectsUnwritable(this.path!, error instanceof Error ? error.message : String(error), error);
    }
  }
}

/** A pipe or a device such as /dev/null: it has no positions, and nothing of it may be removed. */
function isDevice(path: string): boolean {
  return existsSync(path) && !statSync(path).isFile();
}

function rejectsUnwritable(path: string, reason: string, cause?: unknown): PlimsollError {
  return new PlimsollError("REJECTS_UNWRITABLE", { path, reason }, { cause });
}

/**
 * Rewrites the file without the lines of records that will be read again; a crash leaves the old or the new
 * file.
 */
function dropLines(path: string, scope: RejectsOptions["scope"]): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  const sources = new Set(scope.sources);
  const end = scope.limit === null ? Number.POSITIVE_INFINITY : scope.offset + scope.limit;
  const isKept = (line: string): boolean => {
    const reject = parseRejectLine(line);
    if (reject === null) throw new PlimsollError("REJECTS_FOREIGN", { path });
    if (reject.source === null || !sources.has(reject.source)) return true;
    // With several sources --offset counts over all of them, so a number within one source says nothing.
    if (sources.size > 1 || reject.record === null) return scope.offset > 0 || scope.limit !== null;
    return reject.record <= scope.offset || reject.record > end;
  };
  const temporary = `${path}.new`;
  const output = openSync(temporary, "w");
  let kept = 0;
  try {
    for (const line of fileLines(path)) {
      if (isKept(line)) kept += writeSync(output, `${line}\n`);
    }
    fsyncSync(output);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(output);
  }
  if (kept > 0) renameSync(temporary, path);
  else {
    rmSync(path);
    rmSync(temporary);
  }
  syncFolder(dirname(path));
}

/** Lines of a file, one buffer at a time; a line beyond the bound means that the file is not ours. */
function* fileLines(path: string): Generator<string> {
  const file = openSync(path, "r");
  const chunk = Buffer.allocUnsafe(rejectBufferBytes);
  let rest: Buffer = Buffer.alloc(0);
  try {
    for (;;) {
      const bytesRead = readSync(file, chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield bytes.toString("utf8", start, end);
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > rejectLineBytesMax) throw new PlimsollError("REJECTS_FOREIGN", { path });
    }
    // A last line without its line feed was being written when the machine stopped: its import begins again
    // here.
    const start = rest.toString("latin1", 0, lineStart.length);
    if (!lineStart.startsWith(start)) throw new PlimsollError("REJECTS_FOREIGN", { path });
  } finally {
    closeSync(file);
  }
}
