import type { Compressors } from "hyparquet";
import { loadCodecs } from "./codecs.js";

/**
 * The parts of the library that are used: it takes megabytes of the line, and is loaded when there is
 * Parquet.
 */
export interface ParquetLibrary {
  parquetMetadata: typeof import("hyparquet").parquetMetadata;
  parquetSchema: typeof import("hyparquet").parquetSchema;
  parquetHeader: typeof import("hyparquet/src/column.js").parquetHeader;
  decompressPage: typeof import("hyparquet/src/datapage.js").decompressPage;
  readDataPage: typeof import("hyparquet/src/datapage.js").readDataPage;
  readDataPageV2: typeof import("hyparquet/src/datapage.js").readDataPageV2;
  readPlain: typeof import("hyparquet/src/plain.js").readPlain;
  assembleLists: typeof import("hyparquet/src/assemble.js").assembleLists;
  assembleNested: typeof import("hyparquet/src/assemble.js").assembleNested;
  getTreePath: typeof import("hyparquet/src/schema.js").getTreePath;
  isListLike: typeof import("hyparquet/src/schema.js").isListLike;
  isMapLike: typeof import("hyparquet/src/schema.js").isMapLike;
  parseFloat16: typeof import("hyparquet/src/convert.js").parseFloat16;
  parsers: typeof import("hyparquet/src/convert.js").DEFAULT_PARSERS;
  codecs: Compressors;
}

let loading: Promise<ParquetLibrary> | undefined;

export function parquetLibrary(): Promise<ParquetLibrary> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ParquetLibrary> {
  const [main, column, pages, plain, assemble, schema, convert, codecs] = await Promise.all([
    import("hyparquet"),
    import("hyparquet/src/column.js"),
    import("hyparquet/src/datapage.js"),
    import("hyparquet/src/plain.js"),
    import("hyparquet/src/assemble.js"),
    import("hyparquet/src/schema.js"),
    import("hyparquet/src/convert.js"),
    loadCodecs(),
  ]);
  const { parquetMetadata, parquetSchema } = main;
  const { decompressPage, readDataPage, readDataPageV2 } = pages;
  const { assembleLists, assembleNested } = assemble;
  const { getTreePath, isListLike, isMapLike } = schema;
  return {
    parquetMetadata,
    parquetSchema,
    parquetHeader: column.parquetHeader,
    decompressPage,
    readDataPage,
    readDataPageV2,
    readPlain: plain.readPlain,
    assembleLists,
    assembleNested,
    getTreePath,
    isListLike,
    isMapLike,
    parseFloat16: convert.parseFloat16,
    parsers: convert.DEFAULT_PARSERS,
    codecs,
  };
}
