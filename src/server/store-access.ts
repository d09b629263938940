import {
  collectEveryMs,
  collectGarbage,
  PlimsollError,
  queriesMax,
  queriesQueuedMax,
  readerAgeMsMax,
  readerGraceMsMax,
  systemClock,
  tightBytes,
} from "../kernel/index.js";
import type { MemoryGauge } from "../memory/index.js";
import type { StoreReader } from "../ports/index.js";
import { type QueryCaches, setQueryCaches } from "../query/index.js";
import { openStoreReader, releaseResident, releaseStoreMap } from "../targets/lmdb/index.js";
import type { LiveRecords } from "./live-records.js";
import type { ReadingRoom } from "./reading-room.js";

/** One snapshot of the store that any number of queries share, with its caches. */
interface SharedReader {
  reader: StoreReader & AsyncDisposable;
  /** With the live records of a version; null before anybody asked. */
  view: StoreReader | null;
  viewVersion: number;
  users: number;
  openedAtMs: number;
  /** File pages of the process then: what is more is mapped pages of the store. */
  fileBytesBefore: number;
  /** Nobody new: a writer waits, or it is too old. */
  isRetired: boolean;
  /** Queries that wait for live records before they begin: told when a writer waits. */
  waits: Set<() => void>;
  /** Ends its queries when the writer has waited for long enough. */
  grace: AbortController;
  timer: NodeJS.Timeout | null;
}

export interface PausingReader {
  reader: StoreReader;
  /**
   * To be called often, and with nothing of the store in use: others have their turn, and mapped pages are
   * given back when there are many. STORE_CHANGED when something was sealed meanwhile.
   */
  pause: () => Promise<void>;
}

export interface StoreAccessOptions {
  lineBytes: number;
  caches: QueryCaches;
  live: LiveRecords;
  mapped: ReadingRoom;
}

/** Lends readers of the store: few queries at once, and none for longer than a writer can wait. */
export class StoreAccess {
  readonly #path: string;
  readonly #lineBytes: number;
  readonly #mapped: ReadingRoom;
  readonly #caches: QueryCaches;
  readonly #live: LiveRecords;
  readonly #gauge: MemoryGauge;
  readonly #waiting: (() => void)[] = [];
  readonly #open = new Set<SharedReader>();
  #current: Promise<SharedReader> | null = null;
  #collectedAtMs = Number.NEGATIVE_INFINITY;
  #atWork = 0;
  #isClosed = false;

  constructor(path: string, options: StoreAccessOptions) {
    this.#path = path;
    this.#lineBytes = options.lineBytes;
    this.#mapped = options.mapped;
    this.#gauge = options.mapped.gauge;
    this.#caches = options.caches;
    this.#live = options.live;
  }

  /**
   * A query that would take the process over its line is ended, whatever it has sent: but first the garbage
   * goes that answers leave behind.
   */
  throwIfTight(): void {
    const roomBytes = () => this.#lineBytes - this.#gauge.read().rssBytes;
    if (roomBytes() >= tightBytes) return;
    const nowMs = systemClock.nowMs();
    if (nowMs - this.#collectedAtMs >= collectEveryMs) {
      this.#collectedAtMs = nowMs;
      collectGarbage();
    }
    if (roomBytes() >= tightBytes / 2) return;
    throw new PlimsollError("SERVER_BUSY", { what: "so large a query beside the memory line" });
  }

  /** An import begins, whose share of the line counts with few mapped pages. */
  giveMappedBack(): void {
    releaseResident(this.#path);
  }

  get queriesAtWork(): number {
    return this.#atWork;
  }

  /** Runs one query; the signal ends it when the server or a writer needs it to. */
  async use<T>(
    signal: AbortSignal,
    work: (reader: StoreReader, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    await this.#enter(signal);
    try {
      const { shared, view } = await this.#borrowSeen();
      try {
        return await work(view, AbortSignal.any([signal, shared.grace.signal]));
      } finally {
        const isFull = this.#isTooMuch(shared.fileBytesBefore);
        await this.#giveBack(shared);
        if (isFull) await this.#releaseMapped(shared);
      }
    } finally {
      this.#leave();
    }
  }

  /** The next query sees what was sealed last. */
  async refresh(): Promise<void> {
    for (const shared of [...this.#open]) await this.#retire(shared);
  }

  /**
   * A reader for one long reading, which gives its place up whenever it lets go of its mapped pages. It sees
   * what is sealed: the ids of live records hold until others seal something, and this may take longer.
   */
  async useAlone<T>(signal: AbortSignal, work: (reader: PausingReader) => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      let isWanted = false;
      const onWanted = () => {
        isWanted = true;
      };
      await using reader = await openStoreReader(this.#path, { onWanted, mapped: this.#mapped });
      setQueryCaches(reader, this.#caches);
      let openedWith = this.#gauge.read().fileBytes;
      const pause = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        if (!isWanted && !this.#isTooMuch(openedWith)) return;
        isWanted = false;
        await reader.releaseMapped();
        openedWith = this.#gauge.read().fileBytes;
      };
      return await work({ reader, pause });
    } finally {
      this.#leave();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const shared of [...this.#open]) {
      shared.grace.abort(new PlimsollError("SERVER_STOPPING"));
      await this.#retire(shared);
    }
    this.#gauge.close();
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw new PlimsollError("SERVER_STOPPING");
    if (this.#atWork < queriesMax) {
      this.#atWork++;
      return;
    }
    if (this.#waiting.length >= queriesQueuedMax) {
      throw new PlimsollError("SERVER_BUSY", { what: "one more query" });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!signal.aborted && !this.#isClosed) return;
    this.#leave();
    throw new PlimsollError("SERVER_STOPPING");
  }

  /** The place goes to whoever waits for it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#atWork--;
    else next();
  }

  /** A reader with the live records of this moment above it. */
  async #borrowSeen(): Promise<{ shared: SharedReader; view: StoreReader }> {
    for (;;) {
      const shared = await this.#borrow();
      try {
        const view = await this.#viewOf(shared);
        if (view !== null) return { shared, view };
      } catch (error) {
        await this.#giveBack(shared);
        throw error;
      }
      shared.isRetired = true;
      await this.#giveBack(shared);
    }
  }

  /** The same as before while nothing was written: what it has decoded serves on. */
  async #viewOf(shared: SharedReader): Promise<StoreReader | null> {
    const { version } = this.#live;
    if (shared.view !== null && shared.viewVersion === version) return shared.view;
    const view = await this.#overlayUnlessWanted(shared);
    if (view === null) return null;
    if (view !== shared.reader) setQueryCaches(view, this.#caches);
    shared.view = view;
    shared.viewVersion = version;
    return view;
  }

  /**
   * Live records may be under way of a commit that itself waits for the writer who waits for this reader:
   * then it leaves, and the query begins with another one.
   */
  #overlayUnlessWanted(shared: SharedReader): Promise<StoreReader | null> {
    return new Promise((resolve, reject) => {
      const leave = () => resolve(null);
      shared.waits.add(leave);
      const overlay = this.#live.overlay(shared.reader);
      overlay.then(resolve, reject).finally(() => shared.waits.delete(leave));
    });
  }

  async #borrow(): Promise<SharedReader> {
    for (;;) {
      this.#current ??= this.#openReader();
      const opening = this.#current;
      let shared: SharedReader;
      try {
        shared = await opening;
      } catch (error) {
        if (this.#current === opening) this.#current = null;
        throw error;
      }
      // It may have begun to let go of the store before this one's turn came.
      if (this.#current !== opening) continue;
      const isOld = systemClock.nowMs() - shared.openedAtMs > readerAgeMsMax;
      if (!shared.isRetired && !isOld) {
        shared.users++;
        return shared;
      }
      if (!shared.isRetired && shared.users === 0) {
        await this.#renew(shared);
        continue;
      }
      this.#current = null;
      await this.#retire(shared);
    }
  }

  /** A reader that nobody uses keeps what it has decoded; with others at work all are asked to leave. */
  async #releaseMapped(shared: SharedReader): Promise<void> {
    if (shared.users === 0 && !shared.isRetired) await this.#renew(shared);
    else await releaseStoreMap(this.#path);
  }

  /**
   * The same reader with nothing mapped, a new look at the store, and all that it has decoded so far. It is
   * retired when something else was sealed meanwhile. Whoever comes while it is under way waits for it.
   */
  async #renew(shared: SharedReader): Promise<void> {
    // Closing it has to wait as for a query.
    shared.users++;
    const renewing = shared.reader.releaseMapped().then(
      () => {
        shared.openedAtMs = systemClock.nowMs();
        shared.fileBytesBefore = this.#gauge.read().fileBytes;
        return shared;
      },
      () => {
        shared.isRetired = true;
        return shared;
      },
    );
    this.#current = renewing;
    await renewing;
    await this.#giveBack(shared);
  }

  async #openReader(): Promise<SharedReader> {
    let opened: SharedReader | null = null;
    let isWanted = false;
    const onWanted = () => {
      isWanted = true;
      if (opened !== null) this.#giveWay(opened);
    };
    const reader = await openStoreReader(this.#path, { onWanted, mapped: this.#mapped });
    setQueryCaches(reader, this.#caches);
    opened = {
      reader,
      view: null,
      viewVersion: 0,
      users: 0,
      openedAtMs: systemClock.nowMs(),
      fileBytesBefore: this.#gauge.read().fileBytes,
      isRetired: false,
      waits: new Set(),
      grace: new AbortController(),
      timer: null,
    };
    this.#open.add(opened);
    if (isWanted) this.#giveWay(opened);
    return opened;
  }

  /** Where pages cannot be given back while a reader reads on, they are when it has ended. */
  #isTooMuch(fileBytesBefore: number): boolean {
    const mappedBytes = this.#gauge.read().fileBytes - fileBytesBefore;
    return mappedBytes > 0 && this.#mapped.roomBytes(mappedBytes) <= 0;
  }

  async #giveBack(shared: SharedReader): Promise<void> {
    shared.users--;
    if (shared.users > 0) return;
    if (shared.isRetired) await this.#closeReader(shared);
    else {
      // Kept for a moment, for the next query: not for long, because it keeps what it sees in the store.
      const timer = setTimeout(() => void this.#retire(shared), readerAgeMsMax);
      timer.unref();
      if (shared.timer !== null) clearTimeout(shared.timer);
      shared.timer = timer;
    }
  }

  #giveWay(shared: SharedReader): void {
    for (const leave of shared.waits) leave();
    const late = () => shared.grace.abort(new PlimsollError("SERVER_BUSY", { what: "so long a query" }));
    const timer = setTimeout(late, readerGraceMsMax);
    timer.unref();
    void this.#retire(shared).then(() => {
      if (shared.users === 0) clearTimeout(timer);
    });
  }

  async #retire(shared: SharedReader): Promise<void> {
    shared.isRetired = true;
    if (shared.users === 0) await this.#closeReader(shared);
  }

  async #closeReader(shared: SharedReader): Promise<void> {
    if (!this.#open.delete(shared)) return;
    if (shared.timer !== null) clearTimeout(shared.timer);
    await shared.reader[Symbol.asyncDispose]();
  }
}
