import { MiB, PlimsollError, parquetFooterFactor, parquetSlack } from "../../kernel/index.js";
import type {
  Source,
  SourceCursor,
  SourceFingerprint,
  SourceOpenOptions,
  SourceSession,
} from "../../ports/index.js";
import { cursorState } from "../source-cursor.js";
import { fileFingerprint } from "../text-source.js";
import { parquetLibrary } from "./hyparquet-library.js";
import { measureGroups } from "./page-costs.js";
import { ParquetFile, type ParquetShape, readShape, unsupportedParquet } from "./parquet-file.js";
import { ParquetSession } from "./parquet-session.js";
import { RowReader } from "./row-reader.js";

/** A file of Parquet: its rows as JSON lines. */
export class ParquetSource implements Source {
  readonly format = "parquet";
  readonly compression = "pages";
  readonly name: string;
  readonly sessionBytesMax: number;
  readonly #path: string;
  readonly #pageBytesMax: number;

  constructor(name: string, path: string, shape: ParquetShape, groupBytes: number) {
    this.name = name;
    this.#path = path;
    this.#pageBytesMax = Math.max(groupBytes, MiB);
    this.sessionBytesMax =
      Math.ceil(groupBytes * parquetSlack) + shape.footerBytes * parquetFooterFactor + 2 * MiB;
  }

  fingerprint(): Promise<SourceFingerprint> {
    return fileFingerprint(this.name, this.#path);
  }

  async open({ cursor, skipRecords = 0, recordBytesMax, signal }: SourceOpenOptions): Promise<SourceSession> {
    signal.throwIfAborted();
    const file = await ParquetFile.open(this.name, this.#path);
    try {
      // Read again: of many files that wait for their turn, nothing is held.
      const shape = await readShape(file);
      if (cursor !== null) assertSame(this.name, cursor, shape);
      const library = await parquetLibrary();
      const rows = new RowReader({ file, shape, library, pageBytesMax: this.#pageBytesMax });
      const passed = Math.min(shape.rows, (cursor?.record ?? 0) + skipRecords);
      await rows.skip(passed);
      const offset = cursor?.offset ?? 0;
      return new ParquetSession({ file, shape, rows, recordBytesMax, signal, offset, record: passed });
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  async cursorNear(): Promise<null> {
    return null;
  }
}

export async function openParquet(name: string, path: string): Promise<ParquetSource> {
  await using file = await ParquetFile.open(name, path);
  const shape = await readShape(file);
  if (shape.leaves.length === 0) throw unsupportedParquet(name, "it has no columns");
  return new ParquetSource(name, path, shape, await measureGroups(file, shape, await parquetLibrary()));
}

function assertSame(source: string, cursor: SourceCursor, { footerCrc, rows }: ParquetShape): void {
  cursorState(cursor, source);
  if (cursor.tailCrc === footerCrc && cursor.record <= rows) return;
  const reason = "its footer is not the same";
  throw new PlimsollError("SOURCE_CHANGED", { source, reason }, { place: { source } });
}
