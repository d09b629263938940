import {
  formatBytes,
  leftUploadHoursMin,
  PlimsollError,
  s3PartBytes,
  s3PartsMax,
  s3UploadBytesMax,
} from "../../kernel/index.js";
import type {
  SnapshotStorage,
  StorageCallOptions,
  StorageReadOptions,
  StorageWriteOptions,
  StoredObject,
} from "../../ports/index.js";
import {
  S3Bucket,
  type S3BucketOptions,
  S3ObjectFault,
  S3TooLarge,
  type WritingWay,
} from "../../s3/index.js";
import { ByteBudget } from "../transfer/byte-budget.js";
import { checkObjectName, objectNameFault } from "./object-name.js";

export interface S3StorageOptions extends S3BucketOptions {
  /** What is held of an upload, and sent at once. */
  partBytes?: number;
  /**
   * Writes behind each change an object that says that there was one, as all others that share the place have
   * to do: then lists are needed only when it is another one, and after this time all the same.
   */
  markerListMs?: number | undefined;
  /** After how many hours an upload that is not finished is nobody's. */
  leftUploadHours?: number;
}

/** Where Lightning Stream has its marker too: the names say the same to both. */
const markerName = "update-marker";
const markerBytesMax = 1024;

/** Objects in a bucket of any S3-compatible server, under one prefix. */
export class S3Storage implements SnapshotStorage {
  readonly name: string;
  readonly #bucket: S3Bucket;
  readonly #prefix: string;
  readonly #options: S3StorageOptions;
  readonly #uploadBudget = new ByteBudget({ bytesMax: s3UploadBytesMax });
  /** Uploads of this storage that are under way: one a writer. */
  readonly #uploads = new Set<string>();
  readonly #keepsNew = new Map<WritingWay, boolean>();
  /** Those that began together do not list together. */
  readonly #markerPhase = Math.random();

  /** The prefix stands before names as it is: for a folder it ends with `/`. */
  constructor(bucket: string, prefix: string, options: S3StorageOptions = {}) {
    this.#bucket = new S3Bucket(bucket, options);
    this.#prefix = prefix;
    this.#options = options;
    this.name = `${this.#bucket.name}/${prefix}`;
  }

  get capabilities() {
    return { conditionalWrite: this.#keepsNew.get("request") ?? true };
  }

  async *list(prefix: string, { signal }: StorageCallOptions): AsyncIterable<StoredObject> {
    const objects = this.#bucket.list(this.#prefix + prefix, signal);
    for (;;) {
      signal.throwIfAborted();
      const { value, done } = await this.#told("", objects.next());
      if (done === true) return;
      const name = value.key.slice(this.#prefix.length);
      if (objectNameFault(name) === null) yield { name, bytes: value.bytes };
    }
  }

  async *read(name: string, { signal, offset = 0 }: StorageReadOptions): AsyncIterable<Uint8Array> {
    checkObjectName(name);
    signal.throwIfAborted();
    const chunks = this.#bucket.read(this.#prefix + name, { signal, offset });
    try {
      for (;;) {
        const { value, done } = await this.#told(name, chunks.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await chunks.return(undefined);
    }
  }

  async write(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    { signal, isNew = false }: StorageWriteOptions,
  ): Promise<StoredObject> {
    checkObjectName(name);
    const { partBytes = s3PartBytes } = this.#options;
    using lease = await this.#uploadBudget.takeSome(partBytes, 2, signal);
    const writing = this.#bucket.write(this.#prefix + name, chunks, {
      signal,
      isNew,
      keepsNew: (way) => this.#askKeepsNew(way, signal),
      // Pages that nothing is written to take no memory.
      buffers: Array.from({ length: lease.count }, () => Buffer.allocUnsafeSlow(partBytes)),
      onUpload: (uploadId, isUnderWay) => {
        if (isUnderWay) this.#uploads.add(uploadId);
        else this.#uploads.delete(uploadId);
      },
    });
    const bytes = await this.#told(name, writing);
    await this.#setMarker(name, false, signal);
    return { name, bytes };
  }

  async remove(name: string, { signal }: StorageCallOptions): Promise<void> {
    checkObjectName(name);
    signal.throwIfAborted();
    await this.#told(name, this.#bucket.remove(this.#prefix + name, signal));
    await this.#setMarker(name, true, signal);
  }

  async mark({ signal }: StorageCallOptions): Promise<string | null> {
    const { markerListMs } = this.#options;
    if (markerListMs === undefined) return null;
    const tag = await this.#told(markerName, this.#bucket.tag(this.#prefix + markerName, signal));
    if (tag === null) return null;
    return `${tag} ${Math.floor(this.#bucket.nowMs / markerListMs + this.#markerPhase)}`;
  }

  removeLeftovers({ signal }: StorageCallOptions): Promise<number> {
    return this.#told("", this.#removeLeftovers(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bucket[Symbol.dispose]();
  }

  async #removeLeftovers(signal: AbortSignal): Promise<number> {
    const { leftUploadHours = leftUploadHoursMin } = this.#options;
    const leftMs = leftUploadHours * 3_600_000;
    let removed = 0;
    for await (const upload of this.#bucket.uploads(this.#prefix, signal)) {
      const isOurs = objectNameFault(upload.key.slice(this.#prefix.length)) === null;
      const isOld = upload.serverMs - upload.startedMs >= leftMs;
      if (!isOurs || !isOld || this.#uploads.has(upload.uploadId)) continue;
      await this.#bucket.abortUpload(upload, signal);
      removed++;
    }
    for await (const { key, modifiedMs } of this.#bucket.probes(this.#prefix, signal)) {
      if (this.#bucket.wallMs - modifiedMs >= leftMs) await this.#bucket.remove(key, signal);
    }
    return removed;
  }

  /** Killed before it, a change is found by the lists that come all the same. */
  async #setMarker(name: string, isRemoved: boolean, signal: AbortSignal): Promise<void> {
    if (this.#options.markerListMs === undefined) return;
    const text = `${this.#prefix}${name}::${BigInt(this.#bucket.wallMs) * 1_000_000n}:${isRemoved}`;
    const chunks = (async function* () {
      yield Buffer.from(text);
    })();
    const options = { signal, isNew: false, keepsNew: async () => true };
    const buffers = [Buffer.alloc(markerBytesMax)];
    await this.#told(
      markerName,
      this.#bucket.write(this.#prefix + markerName, chunks, { ...options, buffers }),
    );
  }

  async #askKeepsNew(way: WritingWay, signal: AbortSignal): Promise<boolean> {
    const known = this.#keepsNew.get(way);
    if (known !== undefined) return known;
    const isKept = await this.#bucket.probe(this.#prefix, way, signal);
    this.#keepsNew.set(way, isKept);
    return isKept;
  }

  /** What goes wrong in the words of storages. */
  async #told<Result>(name: string, call: Promise<Result>): Promise<Result> {
    try {
      return await call;
    } catch (error) {
      throw this.#condition(name, error);
    }
  }

  #condition(name: string, error: unknown): unknown {
    const details = { name, storage: this.name };
    if (error instanceof S3TooLarge) {
      const { partBytes = s3PartBytes } = this.#options;
      const bytesMax = formatBytes(partBytes * s3PartsMax);
      return new PlimsollError("SNAPSHOT_TOO_LARGE", { ...details, bytesMax });
    }
    if (!(error instanceof S3ObjectFault)) return this.#bucket.condition(error);
    const reason = error.message;
    switch (error.kind) {
      case "absent":
        return new PlimsollError("SNAPSHOT_ABSENT", details);
      case "changed":
        return new PlimsollError("SNAPSHOT_CHANGED", details);
      case "cut":
        return new PlimsollError("SNAPSHOT_CUT", { ...details, reason });
      case "taken":
        return new PlimsollError("SNAPSHOT_NAME_TAKEN", details);
      case "unconditional":
        return new PlimsollError("STORAGE_UNCONDITIONAL", { ...details, reason });
    }
  }
}
