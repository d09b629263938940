import { existsSync, fsyncSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { syncFolder } from "../../kernel/index.js";
import {
  cataloguePath,
  isWhole,
  type LibraryRoot,
  nextPath,
  sizeOf,
  writeHeader,
  writeTrailer,
} from "./catalogue.js";
import { EntryReader, EntryWriter } from "./entry-file.js";

/** How far the next catalogue has come, as a cursor keeps it. */
export interface NextPosition {
  bytes: number;
  crc: number;
  count: number;
}

/**
 * The catalogue that an import writes beside the published one. It grows with what is handed out, so that a
 * cursor says how much of it belongs to what the target has.
 */
export class NextCatalogue implements Disposable {
  readonly #folder: string;
  readonly #writer: EntryWriter;
  #count: number;

  private constructor(folder: string, writer: EntryWriter, count: number) {
    this.#folder = folder;
    this.#writer = writer;
    this.#count = count;
  }

  static begin(folder: string, root: LibraryRoot): NextCatalogue {
    mkdirSync(folder, { recursive: true });
    const writer = new EntryWriter(nextPath(folder));
    writeHeader(writer, root);
    return new NextCatalogue(folder, writer, 0);
  }

  /** Goes on behind a position; null when what was written before is not there any more. */
  static resume(folder: string, { bytes, crc, count }: NextPosition): NextCatalogue | null {
    if (sizeOf(nextPath(folder)) < bytes || checksumOf(nextPath(folder), bytes) !== crc) return null;
    return new NextCatalogue(folder, new EntryWriter(nextPath(folder), bytes, crc), count);
  }

  add(entry: Uint8Array): void {
    this.#writer.write(entry);
    this.#count += 1;
  }

  /** What is written so far survives the end of this process. */
  position(): NextPosition {
    this.#writer.flush();
    return { bytes: this.#writer.bytes, crc: this.#writer.crc, count: this.#count };
  }

  finish(): void {
    writeTrailer(this.#writer, this.#count);
    this.#writer.flush();
    this.#writer.cutHere();
    fsyncSync(this.#writer.descriptor);
  }

  /** Nothing is another than before: the published one stays. */
  drop(): void {
    rmSync(nextPath(this.#folder), { force: true });
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }
}

/** Makes the catalogue of an import that is sealed the published one, if it was written to its end. */
export function publishNext(folder: string): void {
  if (!existsSync(nextPath(folder)) || !isWhole(nextPath(folder))) return;
  renameSync(nextPath(folder), cataloguePath(folder));
  syncFolder(folder);
}

function checksumOf(path: string, bytes: number): number {
  using reader = new EntryReader(path, 0, bytes);
  return reader.skipAll();
}
