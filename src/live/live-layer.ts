import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  liveBytesMax,
  liveCommitBytes,
  liveCommitRecords,
  liveFoldBytes,
  liveFoldRecords,
  liveQuietMs,
  liveReaderAgeMsMax,
  liveRecordsMax,
  liveRetryMs,
  liveWaitMsMax,
  liveWritesWaitingMax,
  PlimsollError,
  syncFolder,
  systemClock,
  writeFileDurably,
} from "../kernel/index.js";
import type { CompiledMapping, RecordCheck } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { LiveLoader } from "./live-loader.js";
import { LiveLog, type LoggedRecord, mendLog, readLog, removeLog } from "./live-log.js";
import { LiveState, type WriteOutcome } from "./live-state.js";
import type { OverlayReader } from "./overlay-reader.js";

export interface FoldSource {
  path: string;
  entity: string;
}

export interface LiveOptions {
  /** Folder of the logs, beside the data of the store. */
  dir: string;
  /** Opens what is sealed; closes when the callback is called, because a writer waits for it. */
  openReader: (onWanted: () => void) => Promise<StoreReader & AsyncDisposable>;
  /** An ordinary import of these files, which ends complete or throws. */
  fold: (sources: readonly FoldSource[]) => Promise<void>;
  checkOf: (mapping: CompiledMapping) => RecordCheck | null;
  /** For the log of the server. */
  note: (text: string) => void;
}

interface PendingWrite {
  records: readonly LoggedRecord[];
  bytes: number;
  resolve: (outcomes: WriteOutcome[]) => void;
  reject: (error: unknown) => void;
  timer: NodeJS.Timeout;
}

/** A log and what it holds: the layer has one that takes writes, and one that is being folded. */
interface Part {
  records: LoggedRecord[];
  bytes: number;
}

/**
 * Single records, durable when they are acknowledged and visible at once. They are logged, held in memory as
 * segments above the sealed ones, and folded into the store by an ordinary import.
 */
export class LiveLayer implements AsyncDisposable {
  readonly #options: LiveOptions;
  readonly #loader = new LiveLoader();
  readonly #waiting: PendingWrite[] = [];
  #log!: LiveLog;
  #writing: Part = { records: [], bytes: 0 };
  #folding: Part | null = null;
  /** The last import when the fold began: a later one of the fold's files has sealed its records. */
  #importBeforeFold = "";
  #state: LiveState | null = null;
  #reader: (StoreReader & AsyncDisposable) | null = null;
  #readerOpenedAtMs = 0;
  #mapping: CompiledMapping | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #isCommitting = false;
  #fold: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Rises with every commit: who reads an older one sees less. */
  version = 0;

  private constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Takes up what a former process left, folded first as far as that goes. */
  static async open(options: LiveOptions): Promise<LiveLayer> {
    mkdirSync(options.dir, { recursive: true });
    const layer = new LiveLayer(options);
    mendLog(layer.#foldingPath);
    const left = readLog(layer.#foldingPath);
    if (left.length > 0) layer.#folding = partOf(left);
    else layer.#removeFoldFiles();
    layer.#log = await LiveLog.open(layer.#writingPath);
    layer.#writing = partOf(readLog(layer.#writingPath));
    if (layer.#folding !== null) await layer.#startFold();
    if (layer.#writing.records.length > 0) await layer.foldNow();
    return layer;
  }

  get records(): number {
    return this.#writing.records.length + (this.#folding?.records.length ?? 0);
  }

  get bytes(): number {
    return this.#writing.bytes + (this.#folding?.bytes ?? 0);
  }

  /** The mapping that records are held against; looked up anew for an entity that an import may have made. */
  async mapping(entity: string | null): Promise<CompiledMapping> {
    const known = this.#mapping;
    const isKnown = entity === null || known?.entities.some(({ name }) => name === entity);
    if (known !== null && isKnown) return known;
    return await this.#alone(async () => {
      this.#closeReader();
      return (await this.#ready()).reader.mapping;
    });
  }

  /** Resolves when the records are on the disk and seen; or rejects, and nothing is kept of them. */
  write(records: readonly LoggedRecord[]): Promise<WriteOutcome[]> {
    if (this.#isClosed) return Promise.reject(new PlimsollError("SERVER_STOPPING"));
    if (records.length === 0) return Promise.resolve([]);
    const busy = () => new PlimsollError("SERVER_BUSY", { what: "one more record" });
    if (this.#waiting.length >= liveWritesWaitingMax) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const late = () => {
        const at = this.#waiting.indexOf(pending);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(busy());
      };
      const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0);
      const pending = { records, bytes, resolve, reject, timer: setTimeout(late, liveWaitMsMax) };
      this.#waiting.push(pending);
      void this.#commitAll();
    });
  }

  /** The store with the live records; null when the reader sees another sealed state than they hold for. */
  async overlay(reader: StoreReader): Promise<OverlayReader | null> {
    const text = JSON.stringify(reader.sealed);
    if (this.#state?.sealedText === text) return this.#state.overlay(reader);
    return await this.#alone(async () => {
      this.#closeReader();
      const { state } = await this.#ready();
      return state.sealedText === text ? state.overlay(reader) : null;
    });
  }

  /** Folds all that is in the layer; settles when it is sealed, or could not be. */
  async foldNow(): Promise<void> {
    if (this.#fold !== null) await this.#fold;
    if (this.#folding === null && this.#writing.records.length === 0) return;
    await this.#startFold();
  }

  /** Takes nothing more, and folds what there is. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { timer, reject } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(new PlimsollError("SERVER_STOPPING"));
    }
    await this.#alone(async () => {});
    await this.foldNow();
    await this.#alone(async () => this.#log.close());
    this.#closeReader();
  }

  async #commitAll(): Promise<void> {
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    try {
      while (this.#waiting.length > 0 && this.#hasRoom) await this.#alone(() => this.#commit());
    } finally {
      this.#isCommitting = false;
    }
    this.#planFold();
  }

  get #hasRoom(): boolean {
    const next = this.#waiting[0]!;
    return this.records + next.records.length <= liveRecordsMax && this.bytes + next.bytes <= liveBytesMax;
  }

  /** One commit: everything that waits, up to a bound, becomes durable with one sync. */
  async #commit(): Promise<void> {
    const writes = this.#takeWrites();
    const records = writes.flatMap((write) => write.records);
    try {
      let { reader, state } = await this.#ready();
      let batch = state.load(reader, records);
      const isRejected = (at: number) => batch.loaded.some(({ rejects }) => rejects.has(batch.firstId + at));
      const kept = records.filter((_, at) => !isRejected(at));
      if (kept.length > 0) await this.#log.append(kept);
      const now = await this.#ready();
      if (now.state !== state) {
        // Something was sealed meanwhile: the records stand above that now.
        ({ reader, state } = now);
        batch = state.load(reader, records);
      }
      const outcomes = state.adopt(now.reader, batch);
      addTo(this.#writing, kept);
      this.version++;
      let at = 0;
      for (const write of writes) {
        write.resolve(outcomes.slice(at, at + write.records.length));
        at += write.records.length;
      }
    } catch (error) {
      // What was made of them in memory may be half: it is made anew from what is durable.
      this.#state = null;
      for (const write of writes) write.reject(error);
    }
  }

  #takeWrites(): PendingWrite[] {
    const writes: PendingWrite[] = [];
    let [records, bytes] = [0, 0];
    while (this.#waiting.length > 0 && (writes.length === 0 || this.#hasRoom)) {
      const next = this.#waiting[0]!;
      const isFull =
        records + next.records.length > liveCommitRecords || bytes + next.bytes > liveCommitBytes;
      if (writes.length > 0 && isFull) break;
      records += next.records.length;
      bytes += next.bytes;
      this.#waiting.shift();
      clearTimeout(next.timer);
      writes.push(next);
    }
    return writes;
  }

  /** A reader of what is sealed, and the live records above just that. */
  async #ready(): Promise<{ reader: StoreReader; state: LiveState }> {
    if (systemClock.nowMs() - this.#readerOpenedAtMs > liveReaderAgeMsMax) this.#closeReader();
    for (;;) {
      const reader = this.#reader ?? (await this.#openReader());
      if (this.#state !== null && this.#reader === reader) {
        if (this.#state.sealedText === JSON.stringify(reader.sealed)) return { reader, state: this.#state };
      }
      if (this.#reader === reader) return { reader, state: this.#rebuild(reader) };
    }
  }

  /** Loads all that is not sealed once more, above what is sealed now. */
  #rebuild(reader: StoreReader): LiveState {
    const state = new LiveState(reader, this.#loader, this.#options.checkOf(reader.mapping));
    const folding = this.#isFoldSealed(reader) ? [] : (this.#folding?.records ?? []);
    for (const records of [folding, this.#writing.records]) {
      for (let from = 0; from < records.length; from += liveCommitRecords) {
        state.adopt(reader, state.load(reader, records.slice(from, from + liveCommitRecords)));
      }
    }
    this.#state = state;
    this.#mapping = reader.mapping;
    this.version++;
    return state;
  }

  async #openReader(): Promise<StoreReader & AsyncDisposable> {
    let opened: (StoreReader & AsyncDisposable) | null = null;
    let isWanted = false;
    const reader = await this.#options.openReader(() => {
      isWanted = true;
      if (opened !== null && this.#reader === opened) this.#closeReader();
    });
    opened = reader;
    this.#reader = reader;
    this.#readerOpenedAtMs = systemClock.nowMs();
    if (isWanted) this.#closeReader();
    return reader;
  }

  #closeReader(): void {
    const reader = this.#reader;
    this.#reader = null;
    void reader?.[Symbol.asyncDispose]();
  }

  #planFold(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isClosed || this.#fold !== null || this.records === 0) return;
    const isFull = this.records >= liveFoldRecords || this.bytes >= liveFoldBytes || this.#waiting.length > 0;
    const isRetry = this.#folding !== null;
    const delayMs = isRetry ? liveRetryMs : isFull ? 0 : liveQuietMs;
    this.#timer = setTimeout(() => void this.#startFold(), delayMs);
    this.#timer.unref();
  }

  #startFold(): Promise<void> {
    this.#fold ??= this.#foldPart().finally(() => {
      this.#fold = null;
      if (!this.#isClosed) void this.#commitAll();
    });
    return this.#fold;
  }

  async #foldPart(): Promise<void> {
    try {
      await this.#alone(() => this.#beginFold());
      await this.#options.fold(this.#writeFoldFiles());
      await this.#alone(async () => {
        this.#folding = null;
        removeLog(this.#foldingPath);
        this.#removeFoldFiles();
        // An import that a former process had finished seals nothing anew: the state would seem to hold.
        this.#state = null;
        this.#closeReader();
        await this.#ready();
      });
    } catch (error) {
      this.#options.note(`Live records wait for their import: ${String(error)}\n`);
    }
  }

  /** The log that took writes becomes the one to fold, if none is left from before. */
  async #beginFold(): Promise<void> {
    const { reader } = await this.#ready();
    if (this.#importBeforeFold === "") this.#importBeforeFold = JSON.stringify(reader.sealed.lastImport);
    if (this.#folding !== null) return;
    this.#importBeforeFold = JSON.stringify(reader.sealed.lastImport);
    await this.#log.rename(this.#foldingPath);
    this.#log = await LiveLog.open(this.#writingPath);
    this.#folding = this.#writing;
    this.#writing = { records: [], bytes: 0 };
  }

  #isFoldSealed({ sealed }: StoreReader): boolean {
    if (this.#folding === null || this.#importBeforeFold === "") return false;
    if (JSON.stringify(sealed.lastImport) === this.#importBeforeFold) return false;
    return (sealed.lastImport?.sources ?? []).some((name) => this.#foldPaths().includes(resolve(name)));
  }

  /** Files that a former attempt has written stay as they are: the import knows them by that. */
  #writeFoldFiles(): FoldSource[] {
    const texts = new Map<string, Uint8Array[]>();
    for (const { entity, bytes } of this.#folding!.records) {
      const lines = texts.get(entity) ?? [];
      texts.set(entity, lines);
      lines.push(bytes, newline);
    }
    return [...texts].map(([entity, lines]) => {
      const path = this.#foldPath(entity);
      if (!existsSync(path)) writeFileDurably(path, Buffer.concat(lines).toString("utf8"));
      return { path, entity };
    });
  }

  #foldPaths(): string[] {
    return [...new Set(this.#folding!.records.map(({ entity }) => entity))].map((name) =>
      this.#foldPath(name),
    );
  }

  #foldPath(entity: string): string {
    return resolve(this.#options.dir, `fold-${Buffer.from(entity).toString("hex")}.jsonl`);
  }

  #removeFoldFiles(): void {
    for (const name of readdirSync(this.#options.dir)) {
      if (name.startsWith("fold-")) rmSync(join(this.#options.dir, name), { force: true });
    }
    syncFolder(this.#options.dir);
  }

  get #writingPath(): string {
    return join(this.#options.dir, "writing.log");
  }

  get #foldingPath(): string {
    return join(this.#options.dir, "folding.log");
  }

  /** One after another: commits, rebuilding, and the beginning and end of a fold. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

const newline = Buffer.from("\n");

function partOf(records: LoggedRecord[]): Part {
  const part: Part = { records: [], bytes: 0 };
  addTo(part, records);
  return part;
}

function addTo(part: Part, records: readonly LoggedRecord[]): void {
  part.records.push(...records);
  for (const { bytes } of records) part.bytes += bytes.length;
}
