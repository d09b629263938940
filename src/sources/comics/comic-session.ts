import { assert } from "../../kernel/index.js";
import type {
  BufferGrow,
  ComicFaultCode,
  Frame,
  FrameReject,
  SourceCursor,
  SourceRead,
  SourceSession,
} from "../../ports/index.js";
import { ComicGroup, type GroupItem } from "./comic-group.js";
import type { ComicReads } from "./comic-reads.js";
import type { NextCatalogue, NextPosition } from "./next-catalogue.js";

/** What a cursor keeps: everything up to a path is in the target, and so much of the next catalogue. */
export interface ComicCursor {
  after: string | null;
  next: NextPosition | null;
}

export interface ComicSessionOptions {
  name: string;
  reads: ComicReads;
  next: NextCatalogue | null;
  /** Paths in the published catalogue; null when there is none. */
  formerCount: number | null;
  cursor: { offset: number; line: number; record: number; state: ComicCursor } | null;
  recordBytesMax: number;
  signal: AbortSignal;
  onClose: () => void;
}

/**
 * Hands out groups of comics: runs of the things that they name, then the comics and what was turned down.
 */
export class ComicSession implements SourceSession {
  readonly #options: ComicSessionOptions;
  #group: ComicGroup | null = null;
  #parents: Iterator<{ entity: string; lines: string[] }> = [][Symbol.iterator]();
  #run: { entity: string; lines: string[]; at: number } | null = null;
  #itemAt = 0;
  #after: string | null;
  #offset: number;
  #record: number;
  #isChanged: boolean;
  #count = 0;
  #isFinished = false;
  #reading: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(options: ComicSessionOptions) {
    this.#options = options;
    this.#after = options.cursor?.state.after ?? null;
    this.#offset = options.cursor?.offset ?? 0;
    this.#record = options.cursor?.record ?? 0;
    this.#isChanged = options.cursor !== null;
  }

  get bytesRead(): number {
    return this.#offset;
  }

  get waitedSeconds(): number {
    return this.#options.reads.waitedSeconds;
  }

  get records(): number {
    return this.#record;
  }

  read(
    buffer: Uint8Array,
    grow: BufferGrow,
    recordsMax = Number.MAX_SAFE_INTEGER,
  ): Promise<SourceRead | null> {
    assert(this.#closing === null, "a closed session is not read");
    const reading = this.#read(buffer, grow, recordsMax);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= (async () => {
      await this.#options.reads.close();
      await this.#reading;
      this.#options.next?.[Symbol.dispose]();
      this.#options.onClose();
    })();
    return this.#closing;
  }

  async #read(buffer: Uint8Array, grow: BufferGrow, recordsMax: number): Promise<SourceRead | null> {
    for (;;) {
      if (this.#group === null && !(await this.#gather())) return null;
      const filling = new Filling(buffer, grow, this.#options.recordBytesMax, recordsMax);
      const read = this.#parentFrame(filling) ?? this.#itemFrame(filling);
      if (read !== null) return read;
      this.#group = null;
    }
  }

  /** False at the end. */
  async #gather(): Promise<boolean> {
    const { reads, signal, next } = this.#options;
    let group = new ComicGroup();
    while (!group.isFull) {
      signal.throwIfAborted();
      const outcome = await reads.next();
      // Whoever closes ends the reading in the middle, which is not the end of the library.
      if (this.#closing !== null) throw new DOMException("The source was closed", "AbortError");
      if (outcome === null) break;
      const item = group.add(outcome);
      this.#isChanged ||= item.isChanged;
      this.#count += 1;
      if (!group.isQuiet) {
        // What it refers to of the catalogue goes with the next outcome.
        if (!item.isChanged) item.catalogueEntry = Buffer.from(item.catalogueEntry!);
        continue;
      }
      // Nothing waits to be handed out: what is as it was goes into the catalogue at once.
      this.#pass(item, next);
      group = new ComicGroup();
    }
    if (group.items.length === 0) {
      this.#finish();
      return false;
    }
    this.#group = group;
    this.#parents = group.parents();
    this.#itemAt = 0;
    return true;
  }

  #pass(item: GroupItem, next: NextCatalogue | null): void {
    if (item.catalogueEntry !== null) next?.add(item.catalogueEntry);
    this.#after = item.path;
  }

  #finish(): void {
    const { next, formerCount } = this.#options;
    if (this.#isFinished || next === null) return;
    this.#isFinished = true;
    if (!this.#isChanged && formerCount === this.#count) next.drop();
    else next.finish();
  }

  /** As many lines of one entity as fit; null when there are none left. */
  #parentFrame(filling: Filling): SourceRead | null {
    while (this.#run === null || this.#run.at === this.#run.lines.length) {
      const step = this.#parents.next();
      if (step.done === true) {
        this.#run = null;
        return null;
      }
      this.#run = { ...step.value, at: 0 };
    }
    const run = this.#run;
    while (run.at < run.lines.length && filling.add(run.lines[run.at]!)) run.at += 1;
    if (filling.records > 0) return this.#frame(filling, run.entity, []);
    const line = run.lines[run.at++]!;
    return this.#frame(filling, run.entity, [this.#tooLarge(line)]);
  }

  /** Comics in the order of their paths, to the first that was turned down. */
  #itemFrame(filling: Filling): SourceRead | null {
    const { items } = this.#group!;
    const rejects: FrameReject[] = [];
    while (this.#itemAt < items.length && rejects.length === 0) {
      const item = items[this.#itemAt]!;
      if (item.line !== null && !filling.add(item.line)) {
        if (filling.records > 0) break;
        rejects.push(this.#tooLarge(item.line));
      } else if (item.reject !== null) {
        if (filling.isFull) break;
        rejects.push(this.#reject(item, filling.records));
      }
      this.#pass(item, this.#options.next);
      this.#itemAt += 1;
    }
    if (filling.records + rejects.length === 0) return null;
    return this.#frame(filling, "Comic", rejects);
  }

  #frame(filling: Filling, entity: string, rejects: FrameReject[]): SourceRead {
    const records = filling.records + rejects.length;
    const place = { offset: this.#offset, line: this.#record + 1, record: this.#record + 1 };
    this.#offset += filling.length;
    this.#record += records;
    const frame: Frame = {
      entity,
      length: filling.length,
      records,
      place,
      header: null,
      rejects,
      cursorAfter: this.#cursor(),
    };
    return { frame, buffer: filling.buffer };
  }

  #cursor(): SourceCursor {
    const state: ComicCursor = { after: this.#after, next: this.#options.next?.position() ?? null };
    const framer = { header: null, state };
    return { offset: this.#offset, line: this.#record, record: this.#record, tailCrc: 0, framer };
  }

  #reject({ path, reject }: GroupItem, index: number): FrameReject {
    const head = Buffer.from(path);
    return {
      index,
      code: reject!.code as ComicFaultCode,
      reason: `${path}: ${reject!.reason}`,
      place: this.#place(index),
      head,
      bytesTotal: head.length,
    };
  }

  #tooLarge(line: string): FrameReject {
    const bytesTotal = Buffer.byteLength(line);
    return {
      index: 0,
      code: "RECORD_TOO_LARGE",
      reason: `the record is larger than ${this.#options.recordBytesMax} bytes`,
      place: this.#place(0),
      head: Buffer.from(line.slice(0, 4096)),
      bytesTotal,
    };
  }

  #place(index: number): FrameReject["place"] {
    return { source: this.#options.name, record: this.#record + index + 1 };
  }
}

/** The buffer of a frame, filled line by line. */
class Filling {
  buffer: Uint8Array;
  length = 0;
  records = 0;
  readonly #grow: BufferGrow;
  readonly #recordBytesMax: number;
  readonly #recordsMax: number;

  constructor(buffer: Uint8Array, grow: BufferGrow, recordBytesMax: number, recordsMax: number) {
    this.buffer = buffer;
    this.#grow = grow;
    this.#recordBytesMax = recordBytesMax;
    this.#recordsMax = recordsMax;
  }

  get isFull(): boolean {
    return this.records >= this.#recordsMax;
  }

  /** False when it does not fit, or there are enough. */
  add(line: string): boolean {
    if (this.isFull) return false;
    const bytes = Buffer.byteLength(line) + 1;
    if (bytes > this.#recordBytesMax) return false;
    if (this.length + bytes > this.buffer.length) {
      if (this.records > 0) return false;
      const grown = this.#grow(bytes);
      if (grown.length < bytes) return false;
      this.buffer = grown;
    }
    const view = Buffer.from(this.buffer.buffer, this.buffer.byteOffset, this.buffer.length);
    view.write(line, this.length, "utf8");
    view[this.length + bytes - 1] = 0x0a;
    this.length += bytes;
    this.records += 1;
    return true;
  }
}
