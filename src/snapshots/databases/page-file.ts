import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { PlimsollError } from "../../kernel/index.js";
import { type LmdbFile, type MetaPage, readMeta } from "./lmdb-file.js";
import { type PageLayout, pageKinds } from "./page-layout.js";

/**
 * The pages of a database, read from the file instead of LMDB's map: a walk over all of a map makes all of it
 * resident memory. What is written by others is seen at once, because both go through the page cache; a
 * page that a state needs stays as it is while a reader of LMDB's holds that state, or the writer's lock is
 * held.
 */
export class PageFile implements Disposable {
  readonly layout: PageLayout;
  readonly pageBytes: number;
  readonly #path: string;
  #file: number;

  constructor({ path, dataPath, layout, meta }: LmdbFile) {
    this.layout = layout;
    this.pageBytes = meta.pageBytes;
    this.#path = path;
    this.#file = openSync(dataPath, "r");
  }

  /** Pages that are there. */
  get count(): number {
    return Math.floor(fstatSync(this.#file).size / this.pageBytes);
  }

  /** The newest state. Read until two looks agree: a writer may be in the middle of it. */
  readMeta(): MetaPage {
    let before = readMeta(this.#file, this.layout);
    for (;;) {
      const meta = readMeta(this.#file, this.layout);
      if (meta === null) throw this.damaged(0, "no meta page");
      if (before !== null && before.txnId === meta.txnId && before.mainTree.root === meta.mainTree.root)
        return meta;
      before = meta;
    }
  }

  /** Pages that follow one another, at the front of the buffer. */
  readPages(page: number, count: number, into: Buffer): void {
    this.readBytes(page, 0, count * this.pageBytes, into);
    const { pageBytes } = this;
    for (let at = 0; at < count; at += 1) {
      const number =
        into.readUInt32LE(at * pageBytes) + into.readUInt32LE(at * pageBytes + 4) * 0x1_0000_0000;
      if (number === page + at) continue;
      throw this.damaged(page + at, `it says that it is ${number}`);
    }
  }

  /** Bytes behind the start of a page. */
  readBytes(page: number, offset: number, bytes: number, into: Buffer): void {
    const at = page * this.pageBytes + offset;
    const read = Number.isSafeInteger(at) && at >= 0 ? readSync(this.#file, into, 0, bytes, at) : 0;
    if (read !== bytes) throw this.damaged(page, "the file ends before it");
  }

  damaged(page: number, reason: string): PlimsollError {
    return new PlimsollError("LMDB_DAMAGED", { path: this.#path, page, reason });
  }

  isKind(bytes: Buffer, at: number, kind: keyof typeof pageKinds): boolean {
    return (bytes.readUInt16LE(at + this.layout.headBytes - 6) & pageKinds[kind]) !== 0;
  }

  [Symbol.dispose](): void {
    if (this.#file < 0) return;
    closeSync(this.#file);
    this.#file = -1;
  }
}
