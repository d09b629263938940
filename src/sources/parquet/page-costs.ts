import type { ColumnMetaData, PageHeader } from "hyparquet";
import {
  MiB,
  PlimsollError,
  parquetHeaderBytesMax,
  parquetPagesMeasuredMax,
  parquetWindowBytes,
} from "../../kernel/index.js";
import { damaged } from "../bytes/damage.js";
import type { ParquetLibrary } from "./hyparquet-library.js";
import { type Leaf, messageOf, type ParquetFile, type ParquetShape } from "./parquet-file.js";

export interface PageHead {
  header: PageHeader;
  /** Where the page's own bytes begin. */
  offset: number;
  /** The first of them, as far as they came along. */
  head: Uint8Array;
}

/** What is held of a column while its rows go out, and what more while one of its pages is decoded. */
interface ColumnCost {
  heldBytes: number;
  decodeBytes: number;
}

/** Reads the head of the page at an offset; its column has `valuesMax` values in all. */
export async function readPageHead(
  file: ParquetFile,
  offset: number,
  { parquetHeader }: ParquetLibrary,
  valuesMax: number,
): Promise<PageHead> {
  for (let bytes = parquetWindowBytes; ; bytes *= 8) {
    const window = await file.readUpTo(offset, Math.min(bytes, parquetHeaderBytesMax));
    const reader = { view: new DataView(window.buffer, window.byteOffset, window.byteLength), offset: 0 };
    try {
      const header = parquetHeader(reader);
      assertSane(header, valuesMax);
      return { header, offset: offset + reader.offset, head: window.subarray(reader.offset) };
    } catch (error) {
      if (window.length === bytes && bytes < parquetHeaderBytesMax) continue;
      throw damaged(file.name, offset, `there is no page: ${messageOf(error)}`, error);
    }
  }
}

/**
 * Numbers of a head that was damaged may be of any size, or none; by counts beyond all bounds rows would be
 * made up.
 */
function assertSane(header: PageHeader, valuesMax: number): void {
  const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
  const counts = [v1?.num_values, v2?.num_values, v2?.num_rows, dictionary?.num_values];
  const sizes = [
    header.uncompressed_page_size,
    header.compressed_page_size,
    ...(v2 === undefined ? [] : [v2.definition_levels_byte_length, v2.repetition_levels_byte_length]),
  ];
  const isCounted = (count: unknown) => isWhole(count) && count <= valuesMax;
  const encodings = [v1, v2].filter((head) => head !== undefined).map(({ encoding }) => encoding);
  if (
    !sizes.every(isWhole) ||
    !counts.filter((count) => count !== undefined).every(isCounted) ||
    !encodings.every((encoding) => typeof encoding === "string")
  ) {
    throw new Error("its head is not one of a page of this column");
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Where the pages of a column begin: some writers do not tell of the dictionary in front of them. */
export function chunkStart({
  dictionary_page_offset: dictionary,
  data_page_offset: data,
}: ColumnMetaData): number {
  return dictionary && dictionary < data ? Number(dictionary) : Number(data);
}

/**
 * The most memory that the rows of a file take at once: a dictionary and a page of every column, and one page
 * more while it is decoded. Pages are measured by their heads; of a file with very many, those of the groups
 * that
 * come first, and what turns out to be larger is refused when it is met.
 */
export async function measureGroups(
  file: ParquetFile,
  shape: ParquetShape,
  library: ParquetLibrary,
): Promise<number> {
  let bytesMax = 0;
  let pages = 0;
  for (const group of shape.groups) {
    const costs: ColumnCost[] = [];
    for (const [index, chunk] of group.chunks.entries()) {
      const measured = await measureChunk(file, chunk, shape.leaves[index]!, library);
      costs.push(measured);
      pages += measured.pages;
    }
    const held = costs.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    bytesMax = Math.max(bytesMax, held + Math.max(0, ...costs.map(({ decodeBytes }) => decodeBytes)));
    if (pages >= parquetPagesMeasuredMax) break;
  }
  return bytesMax;
}

async function measureChunk(
  file: ParquetFile,
  chunk: ColumnMetaData,
  leaf: Leaf,
  library: ParquetLibrary,
): Promise<ColumnCost & { pages: number }> {
  const end = chunkStart(chunk) + Number(chunk.total_compressed_size);
  let dictionaryBytes = 0;
  let heldBytes = 0;
  let decodeBytes = 0;
  let pages = 0;
  for (let at = chunkStart(chunk); at < end; pages++) {
    const { header, offset } = await readPageHead(file, at, library, Number(chunk.num_values));
    const cost = pageCost(header, leaf);
    if (header.type === "DICTIONARY_PAGE") dictionaryBytes = cost.heldBytes;
    else heldBytes = Math.max(heldBytes, cost.heldBytes);
    decodeBytes = Math.max(decodeBytes, cost.decodeBytes);
    at = offset + header.compressed_page_size;
    if (header.compressed_page_size < 0 || at > end) {
      throw damaged(file.name, offset, "a page reaches beyond its column");
    }
  }
  return { heldBytes: dictionaryBytes + heldBytes, decodeBytes, pages };
}

/** Texts of values: what a pointer, the head of a string and its characters take. */
const textBytes = 48;
/** A value as the library reads it: a view of bytes, or a number in an object of its own. */
const viewBytes = 120;
const levelBytes = 16;

export function pageCost(header: PageHeader, { element, isFlat }: Leaf): ColumnCost {
  const values = valuesOf(header);
  const encoding = header.data_page_header?.encoding ?? header.data_page_header_v2?.encoding;
  const isCoded = encoding?.endsWith("_DICTIONARY") ?? false;
  const pageBytes = header.uncompressed_page_size;
  const isBytes = element.type === "BYTE_ARRAY" || element.type === "FIXED_LEN_BYTE_ARRAY";
  const nestedBytes = isFlat ? 0 : 64;
  // Texts of the values of a dictionary are held once.
  const heldBytes = values * (nestedBytes + (isCoded ? 8 : textBytes)) + (isCoded ? 0 : 2 * pageBytes);
  const bytesOfView = isBytes && !isCoded ? viewBytes : 24;
  const decodeBytes = values * (levelBytes + bytesOfView) + pageBytes + header.compressed_page_size;
  return { heldBytes, decodeBytes };
}

function valuesOf(header: PageHeader): number {
  const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
  return v1?.num_values ?? v2?.num_values ?? dictionary?.num_values ?? 0;
}

/** A page beyond what was measured and set aside. */
export function assertWithin(file: ParquetFile, offset: number, bytes: number, bytesMax: number): void {
  if (bytes <= bytesMax) return;
  const details = {
    source: file.name,
    offset,
    bytes,
    bytesMax,
    moreMiB: Math.ceil((bytes - bytesMax) / MiB),
  };
  throw new PlimsollError("PARQUET_PAGE_TOO_LARGE", details, { place: { source: file.name, offset } });
}
