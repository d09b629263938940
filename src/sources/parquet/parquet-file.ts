import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { ColumnMetaData, FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import { PlimsollError, parquetFooterBytesMax } from "../../kernel/index.js";
import { damaged } from "../bytes/damage.js";
import { unreadable } from "../bytes/file-bytes.js";
import { type ParquetLibrary, parquetLibrary } from "./hyparquet-library.js";

/** A column of values, which a member of the records is made of. */
export interface Leaf {
  path: readonly string[];
  /** From the root to the leaf. */
  schemaPath: SchemaTree[];
  element: SchemaElement;
  isFlat: boolean;
  /** Whether a row can have several values. */
  isRepeated: boolean;
}

export interface RowGroup {
  rows: number;
  /** By leaf. */
  chunks: readonly ColumnMetaData[];
}

/** What the end of a file says of it. */
export interface ParquetShape {
  rows: number;
  root: SchemaTree;
  leaves: readonly Leaf[];
  groups: readonly RowGroup[];
  footerBytes: number;
  /** CRC-32 of the footer: a file with another one is another file. */
  footerCrc: number;
  sizeBytes: number;
}

const magic = "PAR1";
const tailBytes = 8;

export function isParquet(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 4)).toString("latin1") === magic;
}

/** Reads pieces of a file at any place. */
export class ParquetFile implements AsyncDisposable {
  readonly name: string;
  readonly #handle: FileHandle;

  private constructor(name: string, handle: FileHandle) {
    this.name = name;
    this.#handle = handle;
  }

  static async open(name: string, path: string): Promise<ParquetFile> {
    try {
      return new ParquetFile(name, await open(path, "r"));
    } catch (error) {
      throw unreadable(name, error);
    }
  }

  async sizeBytes(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  /** As many bytes as are asked for. */
  async read(offset: number, bytes: number): Promise<Uint8Array> {
    const piece = await this.readUpTo(offset, bytes);
    if (piece.length < bytes) throw damaged(this.name, offset + piece.length, "it ends there");
    return piece;
  }

  /** Fewer at the end of the file. */
  async readUpTo(offset: number, bytes: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(bytes);
    let filled = 0;
    try {
      while (filled < bytes) {
        const { bytesRead } = await this.#handle.read(buffer, filled, bytes - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw unreadable(this.name, error);
    }
    return buffer.subarray(0, filled);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

export async function readShape(file: ParquetFile): Promise<ParquetShape> {
  const library = await parquetLibrary();
  const sizeBytes = await file.sizeBytes();
  const tail = await file.readUpTo(Math.max(0, sizeBytes - tailBytes), tailBytes);
  const end = Buffer.from(tail.subarray(4)).toString("latin1");
  if (end === "PARE") throw unsupportedParquet(file.name, "its footer is encrypted");
  if (tail.length < tailBytes || end !== magic) {
    throw unsupportedParquet(
      file.name,
      "it does not end as a Parquet file does, so it was not written to its end",
    );
  }
  const footerBytes = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (footerBytes > parquetFooterBytesMax) {
    throw unsupportedParquet(
      file.name,
      `its footer takes ${footerBytes} bytes, more than ${parquetFooterBytesMax}`,
    );
  }
  if (footerBytes + tailBytes > sizeBytes)
    throw damaged(file.name, sizeBytes - tailBytes, "its footer is cut off");
  const footer = await file.read(sizeBytes - tailBytes - footerBytes, footerBytes + tailBytes);
  return shapeOf(file.name, footer, sizeBytes, library);
}

function shapeOf(name: string, footer: Uint8Array, sizeBytes: number, library: ParquetLibrary): ParquetShape {
  const fault = (reason: string, cause?: unknown) => damaged(name, sizeBytes - footer.length, reason, cause);
  let metadata: FileMetaData;
  try {
    // Statistics are of no use here, and those of values that are no text would be read as such.
    const none = () => undefined;
    const parsers = { stringFromBytes: none, jsonFromBytes: none, dateFromDays: none, uuidFromBytes: none };
    metadata = library.parquetMetadata(footer, { geoparquet: false, parsers });
  } catch (error) {
    throw fault(`its footer cannot be read: ${messageOf(error)}`, error);
  }
  const schema = metadata.schema.map(normalElement);
  if (schema.some((element) => element.name === "__proto__")) {
    throw unsupportedParquet(name, "a column is called __proto__");
  }
  if (schema.some(({ name }) => typeof name !== "string")) throw fault("a column has no name");
  const root = library.parquetSchema({ schema });
  const leaves = leavesOf(root, []);
  // Writers leave groups without rows, whose columns have no pages or one that is empty.
  const filled = metadata.row_groups.filter(({ num_rows: count }) => Number(count) !== 0);
  const groups = filled.map((group): RowGroup => {
    const chunks = group.columns.map(({ meta_data: data, file_path: path }) => {
      if (path !== undefined) throw unsupportedParquet(name, "its columns lie in other files");
      if (data === undefined) throw unsupportedParquet(name, "its columns are encrypted");
      return data;
    });
    if (chunks.length !== leaves.length) throw fault("its row groups and its schema differ");
    const numbers = chunks.map((chunk) => [
      chunk.num_values,
      chunk.total_compressed_size,
      chunk.data_page_offset,
    ]);
    if (![group.num_rows, ...numbers.flat()].every(isCount)) throw fault("a row group has no size");
    return { rows: Number(group.num_rows), chunks };
  });
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const footerCrc = crc32(footer);
  return { rows, root, leaves, groups, footerBytes: footer.length, footerCrc, sizeBytes };
}

function isCount(value: unknown): boolean {
  const number = typeof value === "bigint" ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0;
}

/**
 * Lists and maps are told by either of two marks; a variant is read as the two members that it is made of.
 */
function normalElement(element: SchemaElement): SchemaElement {
  const { logical_type: logical, ...rest } = element;
  if (logical?.type === "VARIANT") return rest;
  if (logical?.type === "LIST") return { ...rest, converted_type: "LIST" };
  if (logical?.type === "MAP" || rest.converted_type === "MAP_KEY_VALUE")
    return { ...rest, converted_type: "MAP" };
  return element;
}

function leavesOf(node: SchemaTree, above: SchemaTree[]): Leaf[] {
  const schemaPath = [...above, node];
  if (node.children.length > 0) return node.children.flatMap((child) => leavesOf(child, schemaPath));
  const isRepeated = schemaPath.some(({ element }) => element.repetition_type === "REPEATED");
  const isFlat = schemaPath.length === 2 && !isRepeated;
  return [{ path: node.path, schemaPath, element: node.element, isFlat, isRepeated }];
}

export function unsupportedParquet(source: string, reason: string): PlimsollError {
  return new PlimsollError("PARQUET_UNSUPPORTED", { source, reason }, { place: { source } });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
