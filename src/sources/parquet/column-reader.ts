import { crc32 } from "node:zlib";
import type { ColumnMetaData, DecodedArray, PageHeader } from "hyparquet";
import { assert } from "../../kernel/index.js";
import { damaged } from "../bytes/damage.js";
import type { ParquetLibrary } from "./hyparquet-library.js";
import { assertWithin, chunkStart, type PageHead, pageCost, readPageHead } from "./page-costs.js";
import { assertRuns, assertRunsOfV2, type DataPageHeaderV2 } from "./page-runs.js";
import { type Leaf, messageOf, type ParquetFile } from "./parquet-file.js";
import type { ValueText, ValueWriter } from "./value-text.js";

/** What the library is told of a column. */
type ColumnDecoder = Parameters<ParquetLibrary["readDataPageV2"]>[2];

/** A value by row: the text of one, null, or lists of them where the schema nests. */
export type LeafValue = ValueText | null | unknown[];

export interface ColumnReaderOptions {
  file: ParquetFile;
  library: ParquetLibrary;
  leaf: Leaf;
  chunk: ColumnMetaData;
  rows: number;
  write: ValueWriter;
  /** The most that a page may take. */
  pageBytesMax: number;
  /** Told of what decoding leaves behind. */
  onGarbage: (bytes: number) => void;
}

/** The values of one column in one row group, a page at a time. */
export class ColumnReader {
  readonly #options: ColumnReaderOptions;
  readonly #decoder: ColumnDecoder;
  #offset: number;
  readonly #end: number;
  #dictionary: ValueText[] | null = null;
  #values: LeafValue[] = [];
  #at = 0;
  /** A row whose values may go on in the next page. */
  #open: LeafValue[] = [];
  /** Rows that pages have brought or that were passed over, the open one apart. */
  #rows = 0;

  constructor(options: ColumnReaderOptions) {
    const { leaf, chunk, library } = options;
    this.#options = options;
    this.#offset = chunkStart(chunk);
    this.#end = this.#offset + Number(chunk.total_compressed_size);
    this.#decoder = {
      pathInSchema: [...leaf.path],
      type: chunk.type,
      element: leaf.element,
      schemaPath: leaf.schemaPath,
      codec: chunk.codec,
      parsers: library.parsers,
      compressors: library.codecs,
    };
  }

  /** Rows that can be taken at once; 0 at the end. */
  get available(): number {
    return this.#values.length - this.#at;
  }

  /** Reads pages until there is a row to take. */
  async fill(): Promise<void> {
    while (this.available === 0 && !this.#isOver()) await this.#nextPage(0);
  }

  take(rows: number): LeafValue[] {
    assert(rows <= this.available, "no more rows are taken than there are");
    const taken = this.#values.slice(this.#at, this.#at + rows);
    this.#at += rows;
    if (this.available === 0) [this.#values, this.#at] = [[], 0];
    return taken;
  }

  /**
   * Passes over rows; pages of nothing else are not decoded where their heads tell how many rows they hold.
   */
  async skip(rows: number): Promise<void> {
    let left = rows;
    while (left > 0) {
      const held = Math.min(left, this.available);
      this.#at += held;
      left -= held;
      if (left === 0) return;
      if (this.#isOver())
        throw this.#fault(this.#offset, `column "${this.#name}" has fewer rows than its group`);
      left -= await this.#nextPage(left);
    }
  }

  get #name(): string {
    return this.#options.leaf.path.join(".");
  }

  #isOver(): boolean {
    return this.#rows >= this.#options.rows || (this.#offset >= this.#end && this.#open.length === 0);
  }

  /**
   * Reads a page, or passes over one of no more than `skip` rows; the answer is how many rows were passed
   * over.
   */
  async #nextPage(skip: number): Promise<number> {
    const { file, library, leaf, chunk, pageBytesMax } = this.#options;
    if (this.#offset >= this.#end) {
      this.#hold(this.#open, true);
      return 0;
    }
    const page = await readPageHead(file, this.#offset, library, Number(chunk.num_values));
    const { header } = page;
    const next = page.offset + header.compressed_page_size;
    if (header.compressed_page_size < 0 || next > this.#end) {
      throw this.#fault(this.#offset, "a page reaches beyond its column");
    }
    const passed = this.#passable(header, skip);
    if (passed > 0) {
      this.#offset = next;
      this.#rows += passed;
      return passed;
    }
    const cost = pageCost(header, leaf);
    assertWithin(file, page.offset, cost.heldBytes + cost.decodeBytes, pageBytesMax);
    const bytes = await this.#bytesOf(page);
    if (header.crc !== undefined && crc32(bytes) !== header.crc >>> 0) {
      throw this.#fault(page.offset, "a page does not match its checksum");
    }
    try {
      this.#decode(header, bytes);
    } catch (error) {
      throw this.#fault(page.offset, `column "${this.#name}": ${messageOf(error)}`, error);
    }
    this.#options.onGarbage(cost.decodeBytes);
    this.#offset = next;
    return 0;
  }

  async #bytesOf({ header, offset, head }: PageHead): Promise<Uint8Array> {
    const bytes = header.compressed_page_size;
    if (bytes <= head.length) return head.subarray(0, bytes);
    const whole = new Uint8Array(bytes);
    whole.set(head);
    whole.set(await this.#options.file.read(offset + head.length, bytes - head.length), head.length);
    return whole;
  }

  /** The rows of a page that may be passed over unread: values are rows where a row has one. */
  #passable({ data_page_header: v1, data_page_header_v2: v2 }: PageHeader, skip: number): number {
    if (skip === 0 || this.#open.length > 0) return 0;
    const rows = v2?.num_rows ?? (this.#options.leaf.isRepeated ? 0 : (v1?.num_values ?? 0));
    // Of what is repeated, a page of the second version begins with a row of its own.
    return rows <= skip ? rows : 0;
  }

  #decode(header: PageHeader, bytes: Uint8Array): void {
    const { library, write } = this.#options;
    const { type, element, codec, compressors } = this.#decoder;
    if (header.type === "DICTIONARY_PAGE") {
      const page = library.decompressPage(bytes, header.uncompressed_page_size, codec, compressors);
      const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
      const count = header.dictionary_page_header?.num_values ?? 0;
      this.#dictionary = textsOf(library.readPlain(reader, type, count, element.type_length), write);
      return;
    }
    if (header.type === "INDEX_PAGE") return;
    if (header.data_page_header !== undefined) {
      const head = header.data_page_header;
      const page = library.decompressPage(bytes, header.uncompressed_page_size, codec, compressors);
      assertRuns(page, head, this.#decoder);
      this.#assemble(library.readDataPage(page, head, this.#decoder), head.encoding);
    } else if (header.data_page_header_v2 !== undefined) {
      const head = header.data_page_header_v2;
      this.#assemble(this.#readV2(bytes, header, head), head.encoding);
    } else throw new Error("a page has no head of its own");
  }

  /** Unpacked here, so that its runs can be looked at. */
  #readV2(bytes: Uint8Array, header: PageHeader, head: DataPageHeaderV2) {
    const { library } = this.#options;
    const { codec, compressors } = this.#decoder;
    const levelBytes = head.repetition_levels_byte_length + head.definition_levels_byte_length;
    const levels = bytes.subarray(0, levelBytes);
    const packed = bytes.subarray(levelBytes);
    const bytesMax = header.uncompressed_page_size - levelBytes;
    const values =
      head.is_compressed === false ? packed : library.decompressPage(packed, bytesMax, codec, compressors);
    assertRunsOfV2(levels, values, head, this.#decoder);
    const unpacked = { ...header, data_page_header_v2: { ...head, is_compressed: false } };
    return library.readDataPageV2(Buffer.concat([levels, values]), unpacked, this.#decoder);
  }

  #assemble(
    {
      definitionLevels,
      repetitionLevels,
      dataPage,
    }: { definitionLevels?: number[] | undefined; repetitionLevels: number[]; dataPage: DecodedArray },
    encoding: string,
  ): void {
    const { library, leaf, write } = this.#options;
    const isCoded = encoding.endsWith("_DICTIONARY");
    const values = isCoded ? this.#codedTexts(dataPage) : textsOf(dataPage, write);
    if (leaf.isFlat) {
      this.#hold(withNulls(values, definitionLevels ?? []), true);
      return;
    }
    const open = this.#open;
    this.#open = [];
    const rows = library.assembleLists(open, definitionLevels, repetitionLevels, values, leaf.schemaPath);
    this.#hold(rows as LeafValue[], !leaf.isRepeated);
  }

  /** Takes rows in; the last one stays open where the next page may go on with it. */
  #hold(rows: LeafValue[], isClosed: boolean): void {
    const closed = isClosed ? rows : rows.slice(0, -1);
    this.#open = isClosed ? [] : rows.slice(-1);
    this.#values = this.available === 0 ? closed : [...this.#values.slice(this.#at), ...closed];
    this.#at = 0;
    this.#rows += closed.length;
    if (this.#rows + this.#open.length > this.#options.rows) {
      throw new Error("it has more rows than its group");
    }
  }

  #codedTexts(codes: DecodedArray): ValueText[] {
    const dictionary = this.#dictionary;
    if (dictionary === null) throw new Error("its dictionary is missing");
    const texts = new Array<ValueText>(codes.length);
    for (let i = 0; i < codes.length; i++) {
      const text = dictionary[codes[i] as number];
      if (text === undefined) throw new Error("a value is not in its dictionary");
      texts[i] = text;
    }
    return texts;
  }

  #fault(offset: number, reason: string, cause?: unknown) {
    return damaged(this.#options.file.name, offset, reason, cause);
  }
}

function textsOf(values: DecodedArray, write: ValueWriter): ValueText[] {
  const texts = new Array<ValueText>(values.length);
  for (let i = 0; i < values.length; i++) texts[i] = write(values[i]);
  return texts;
}

/** Levels of a flat column say where there is a value; without levels there is one everywhere. */
function withNulls(values: ValueText[], levels: readonly number[]): LeafValue[] {
  if (levels.length === 0) return values;
  let at = 0;
  return levels.map((level) => (level > 0 ? values[at++]! : null));
}
