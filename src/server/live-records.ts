import { resolve } from "node:path";
import {
  collectGarbage,
  growYoungGeneration,
  isPlimsollError,
  liveFixedBytes,
  liveKeyFilterBytes,
  liveKeyFilterFractionOfLine,
  liveLookRequests,
  liveMemoryBytesMax,
  liveMemoryBytesMin,
  liveMemoryFraction,
  liveYoungBytes,
  liveYoungFractionOfLine,
  liveYoungRequests,
  PlimsollError,
  serverBytes,
} from "../kernel/index.js";
import { LiveLayer } from "../live/index.js";
import type { ResolvedLine } from "../memory/index.js";
import { runImport } from "../pipeline/index.js";
import type { StoreReader } from "../ports/index.js";
import { filterCopiesBytesOf, prepareImport } from "../preparation/index.js";
import { recordCheckOf } from "../presets/index.js";
import type { OptionValues } from "../settings/index.js";
import {
  liveDir,
  lockLiveFolder,
  type MappedBound,
  openLiveSession,
  openStoreReader,
  releaseResident,
} from "../targets/lmdb/index.js";
import { importValues } from "./import-options.js";
import type { ImportQueue } from "./import-queue.js";
import type { SnapshotWork } from "./snapshots/index.js";

/** Of the server's settings, what live records need. */
export interface LiveSettings {
  storePath: string;
  values: OptionValues;
  line: ResolvedLine;
  note: (text: string) => void;
}

/** The live layer of the server's store: opened when a record comes, or where a former server left some. */
export class LiveRecords {
  readonly #settings: LiveSettings;
  readonly #imports: ImportQueue;
  readonly #mapped: MappedBound;
  readonly #isShared: () => boolean;
  readonly #snapshots: Pick<SnapshotWork, "besideBytes" | "writeRefusal">;
  /** Ends the making of a store. */
  readonly #stop = new AbortController();
  #opening: Promise<LiveLayer> | null = null;
  #layer: LiveLayer | null = null;
  #lock: Disposable | null = null;
  #requests = 0;
  #looks = 0;
  #isImporting = false;
  /** What the process had resident before there was a layer. */
  #openedAtBytes = 0;

  constructor(
    settings: LiveSettings,
    {
      imports,
      mapped,
      isShared,
      snapshots,
    }: {
      imports: ImportQueue;
      mapped: MappedBound;
      /** Whether an import has its share of the line now. */
      isShared: () => boolean;
      snapshots: Pick<SnapshotWork, "besideBytes" | "writeRefusal">;
    },
  ) {
    this.#settings = settings;
    this.#imports = imports;
    this.#mapped = mapped;
    this.#isShared = isShared;
    this.#snapshots = snapshots;
  }

  /** Null while no record has come. */
  get layer(): LiveLayer | null {
    return this.#layer;
  }

  /**
   * Bytes of the line that are the server's, whatever an import takes. Of the layer's share only what is not
   * resident yet: an import counts what is.
   */
  get besideBytes(): number {
    const { besideBytes } = this.#snapshots;
    if (this.#layer === null) return serverBytes + besideBytes;
    const moreBytes = (this.#filterScale - 1) * 2 * liveKeyFilterBytes;
    const shareBytes = liveFixedBytes + moreBytes + this.#youngBytes + this.#memoryBytesMax;
    return (
      serverBytes + besideBytes + Math.max(0, this.#openedAtBytes + shareBytes - process.memoryUsage.rss())
    );
  }

  /** What the young generation may take more than elsewhere. */
  get #youngBytes(): number {
    return liveYoungBytes <= this.#settings.line.bytes * liveYoungFractionOfLine ? liveYoungBytes : 0;
  }

  get #filterScale(): number {
    return 2 * liveKeyFilterBytes <= this.#settings.line.bytes * liveKeyFilterFractionOfLine ? 2 : 1;
  }

  get #memoryBytesMax(): number {
    const share = this.#settings.line.bytes * liveMemoryFraction;
    return Math.round(Math.min(liveMemoryBytesMax, Math.max(liveMemoryBytesMin, share)));
  }

  /** Whether the import that makes the store has its share of the line now. */
  get isImporting(): boolean {
    return this.#isImporting;
  }

  /** Rises whenever a query would see other live records. */
  get version(): number {
    return this.#layer?.version ?? 0;
  }

  /** Whether what is left of the line is to be looked at: now and then, because a look takes its time too. */
  isLookDue(): boolean {
    return this.#looks++ % liveLookRequests === 0;
  }

  /** Refused where nothing may be written. */
  async open(preset: string | null): Promise<LiveLayer> {
    const refusal = this.#snapshots.writeRefusal;
    if (refusal !== null) throw refusal;
    if (this.#youngBytes > 0 && this.#requests++ % liveYoungRequests === 0) growYoungGeneration();
    this.#opening ??= this.#openLayer(preset);
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }

  /** The same store with the live records; null when the reader is not of the state that they belong to. */
  async overlay(reader: StoreReader): Promise<StoreReader | null> {
    return this.#layer === null ? reader : await this.#layer.overlay(reader);
  }

  /** An import begins: what is kept of filters goes, and comes again when it has ended. */
  giveCopiesBack(): void {
    if (this.#layer === null) return;
    this.#layer.giveCopiesBack();
    collectGarbage();
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    this.#stop.abort(new PlimsollError("SERVER_STOPPING"));
    await this.#layer?.[Symbol.asyncDispose]();
    this.#lock?.[Symbol.dispose]();
  }

  async #openLayer(preset: string | null): Promise<LiveLayer> {
    const { storePath, note } = this.#settings;
    this.#openedAtBytes = process.memoryUsage.rss();
    await this.#makeStore(preset);
    const dir = resolve(liveDir(storePath));
    this.#lock ??= lockLiveFolder(dir);
    this.#layer = await LiveLayer.open({
      storeName: storePath,
      dir,
      bytesMax: this.#memoryBytesMax,
      filterScale: this.#filterScale,
      filterCopiesBytes: () => (this.#isShared() ? 0 : filterCopiesBytesOf(this.#settings.line)),
      openReader: (onWanted) => openStoreReader(storePath, { onWanted, mapped: this.#mapped }),
      openSession: () => openLiveSession(storePath),
      exclusively: (work) => this.#imports.exclusively(work),
      checkOf: (mapping) => recordCheckOf(mapping, false),
      note,
    });
    return this.#layer;
  }

  /** A store that is not there yet is made by an import of nothing, if the request says by which preset. */
  async #makeStore(preset: string | null): Promise<void> {
    const { storePath } = this.#settings;
    try {
      await using reader = await openStoreReader(storePath);
      if (reader.mapping.entities.length > 0) return;
    } catch (error) {
      if (!isPlimsollError(error) || error.code !== "STORE_ABSENT") throw error;
    }
    if (preset === null) throw new PlimsollError("STORE_ABSENT", { store: storePath });
    await this.#imports.exclusively(() => this.#importNothing(preset));
  }

  async #importNothing(preset: string): Promise<void> {
    this.#isImporting = true;
    releaseResident(this.#settings.storePath);
    try {
      await this.#importNow({ preset, format: "jsonl" });
    } finally {
      this.#isImporting = false;
    }
  }

  async #importNow(options: Record<string, string>): Promise<void> {
    const { values, storePath, line } = this.#settings;
    const { signal } = this.#stop;
    const prepared = await prepareImport(
      {
        args: ["/dev/null"],
        values: importValues(new URLSearchParams(options), values, storePath),
        stdin: () => process.stdin,
        line,
        besideBytes: this.besideBytes,
        signal,
        note: () => {},
      },
      "import",
    );
    const { plan } = prepared;
    await runImport(
      { ...plan, rejects: { ...plan.rejects, path: null } },
      { signal, onProgress: () => {}, onNotice: () => {} },
    );
  }
}
