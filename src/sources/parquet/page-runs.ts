import type { DataPageHeader, PageHeader, SchemaTree } from "hyparquet";

export type DataPageHeaderV2 = NonNullable<PageHeader["data_page_header_v2"]>;

interface PageColumn {
  type?: string | undefined;
  schemaPath: readonly SchemaTree[];
}

/** Writers fill the last groups of eight values up. */
const fillingMax = 512;

/**
 * Levels and codes are runs, each with its count. The library writes as many values as a run says, whatever
 * the page has: what a damaged one says could end the process, so runs are held against the page first.
 */
export function assertRuns(page: Uint8Array, head: DataPageHeader, column: PageColumn): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  for (const width of levelWidths(column.schemaPath)) {
    if (width === 0) continue;
    walk(page, at + 4, width, head.num_values);
    at += 4 + view.getUint32(at, true);
  }
  assertCodes(page, at, head, column);
}

/** The same of a page of the second version: its levels, and behind them its values, unpacked. */
export function assertRunsOfV2(
  levels: Uint8Array,
  values: Uint8Array,
  head: DataPageHeaderV2,
  column: PageColumn,
): void {
  const [repetition, definition] = levelWidths(column.schemaPath);
  if (repetition > 0) walk(levels, 0, repetition, head.num_values);
  if (definition > 0) walk(levels, head.repetition_levels_byte_length, definition, head.num_values);
  assertCodes(values, 0, head, column);
}

function assertCodes(
  page: Uint8Array,
  at: number,
  head: Pick<DataPageHeader, "num_values" | "encoding">,
  { type }: PageColumn,
): void {
  if (head.encoding === "RLE" && type === "BOOLEAN") walk(page, at + 4, 1, head.num_values);
  else if (head.encoding === "RLE" || head.encoding.endsWith("_DICTIONARY")) {
    walk(page, at + 1, page[at] ?? 0, head.num_values);
  }
}

/** Bits of a repetition level and of a definition level. */
function levelWidths(schemaPath: readonly SchemaTree[]): [repetition: number, definition: number] {
  const repeated = schemaPath.filter(({ element }) => element.repetition_type === "REPEATED");
  const optional = schemaPath.slice(1).filter(({ element }) => element.repetition_type !== "REQUIRED");
  return [bitsOf(repeated.length), bitsOf(optional.length)];
}

function bitsOf(level: number): number {
  return 32 - Math.clz32(level);
}

/** Goes from run to run until there are as many values, or the page ends. */
function walk(page: Uint8Array, start: number, width: number, values: number): void {
  let at = start;
  for (let seen = 0; seen < values && at < page.length; ) {
    let head = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = page[at++] ?? 0;
      head += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 35);
    const isPacked = head % 2 === 1;
    const count = Math.floor(head / 2) * (isPacked ? 8 : 1);
    if (count > values - seen + (isPacked ? fillingMax : 0)) {
      throw new Error("a run has more values than its page");
    }
    at += isPacked ? (count / 8) * width : (width + 7) >> 3;
    seen += count;
  }
}
