import { recordIdMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import type { PostingDecoder } from "../postings/index.js";
import type { ImportRun } from "./import-run.js";
import { MappedReads } from "./mapped-reads.js";

/** The ids of one segment's list up to and including `to`, as far as they are asked for. */
interface Window {
  to: number;
  ids: Float64Array;
  at: number;
}

/**
 * The lists of dead records of all sealed segments, asked by rising ids: a block of each is in memory, and
 * what lies between two ids is passed over.
 */
export class FormerDead implements Disposable {
  readonly #run: ImportRun;
  readonly #decoder: PostingDecoder;
  readonly #windows: { segment: number; window: Window }[];
  #reader: StoreReader | null = null;
  #reads: MappedReads;
  /** Whether the reader has mapped its share: then it is to be renewed. */
  isFull = false;

  constructor(run: ImportRun, decoder: PostingDecoder) {
    this.#run = run;
    this.#decoder = decoder;
    this.#reads = new MappedReads(run);
    const segments = run.session.sealed?.segments ?? [];
    this.#windows = segments.map(({ number }) => ({
      segment: number,
      window: { to: -1, ids: new Float64Array(0), at: 0 },
    }));
  }

  /** Whether a former import, or a segment of one, lists the id; ids rise from call to call. */
  has(id: number): boolean {
    let isListed = false;
    for (const state of this.#windows) {
      if (id > state.window.to) state.window = this.#readWindow(state.segment, id);
      const { window } = state;
      while (window.at < window.ids.length && window.ids[window.at]! < id) window.at += 1;
      if (window.ids[window.at] === id) isListed = true;
    }
    return isListed;
  }

  async renew(): Promise<void> {
    this[Symbol.dispose]();
    await this.#run.session.releaseMapped();
    this.#reads = new MappedReads(this.#run);
    this.isFull = false;
  }

  [Symbol.dispose](): void {
    this.#reader?.close();
    this.#reader = null;
  }

  /** The block that would name the id, and how far it decides. */
  #readWindow(segment: number, id: number): Window {
    this.#reader ??= this.#run.session.reader();
    let ids: Float64Array = new Float64Array(0);
    for (const entry of this.#reader.tupleBlocks(segment, 0, 0n, id)) {
      const isList = entry.index === 0 && entry.term === 0n;
      if (!isList || entry.id > id) return { to: isList ? entry.id - 1 : recordIdMax, ids, at: 0 };
      ids = this.#decoder.decode(entry.block, 0, 0n).ids;
      if (this.#reads.note(entry.block)) this.isFull = true;
    }
    return { to: recordIdMax, ids, at: 0 };
  }
}
