import { resolve } from "node:path";
import { isPlimsollError, liveLayerBytes, PlimsollError, serverBytes } from "../kernel/index.js";
import { type FoldSource, LiveLayer } from "../live/index.js";
import type { ResolvedLine } from "../memory/index.js";
import { runImport } from "../pipeline/index.js";
import type { StoreReader } from "../ports/index.js";
import { prepareImport } from "../preparation/index.js";
import { recordCheckOf } from "../presets/index.js";
import type { OptionValues } from "../settings/index.js";
import { lockLiveFolder, openStoreReader } from "../targets/lmdb/index.js";
import { importValues } from "./import-options.js";
import type { ImportQueue } from "./import-queue.js";

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
  readonly #onFold: () => void;
  #opening: Promise<LiveLayer> | null = null;
  #layer: LiveLayer | null = null;
  #lock: Disposable | null = null;

  constructor(settings: LiveSettings, imports: ImportQueue, onFold: () => void) {
    this.#settings = settings;
    this.#imports = imports;
    this.#onFold = onFold;
  }

  /** Null while no record has come. */
  get layer(): LiveLayer | null {
    return this.#layer;
  }

  /** Bytes of the line that are the server's, whatever an import takes. */
  get besideBytes(): number {
    return serverBytes + (this.#opening === null ? 0 : liveLayerBytes);
  }

  /** Rises whenever a query would see other live records. */
  get version(): number {
    return this.#layer?.version ?? 0;
  }

  async open(preset: string | null): Promise<LiveLayer> {
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

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#layer?.[Symbol.asyncDispose]();
    this.#lock?.[Symbol.dispose]();
  }

  async #openLayer(preset: string | null): Promise<LiveLayer> {
    const { storePath, note } = this.#settings;
    await this.#makeStore(preset);
    const dir = resolve(storePath, "live");
    this.#lock ??= lockLiveFolder(dir);
    this.#layer = await LiveLayer.open({
      dir,
      openReader: (onWanted) => openStoreReader(storePath, { onWanted }),
      fold: (sources) => this.#imports.exclusively(() => this.#fold(sources)),
      checkOf: (mapping) => recordCheckOf(mapping.preset, false),
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
    await this.#imports.exclusively(() => this.#import(["/dev/null"], { preset, format: "jsonl" }, null));
  }

  async #fold(sources: readonly FoldSource[]): Promise<void> {
    const entities = new Map(sources.map(({ path, entity }) => [path, entity]));
    const first = sources[0]!.entity;
    const paths = sources.map(({ path }) => path);
    await this.#import(paths, { entity: first, format: "jsonl" }, (name) => entities.get(name) ?? first);
    this.#onFold();
  }

  async #import(
    args: string[],
    options: Record<string, string>,
    entityOf: ((name: string) => string) | null,
  ): Promise<void> {
    const settings = this.#settings;
    const signal = new AbortController().signal;
    const prepared = await prepareImport(
      {
        args,
        values: importValues(new URLSearchParams(options), settings.values, settings.storePath),
        stdin: () => process.stdin,
        line: settings.line,
        besideBytes: this.besideBytes,
        signal,
        note: () => {},
      },
      "import",
    );
    const { plan } = prepared;
    const report = await runImport(
      {
        ...plan,
        ...(entityOf === null ? {} : { entityOf: (source) => entityOf(source.name) }),
        rejects: { ...plan.rejects, path: null },
      },
      { signal, onProgress: () => {}, onNotice: () => {} },
    );
    if (report.error !== null) throw new PlimsollError("SOURCE_DAMAGED", sourceDamage(report.error.message));
  }
}

function sourceDamage(reason: string) {
  return { source: "the log of live records", offset: 0, reason };
}
