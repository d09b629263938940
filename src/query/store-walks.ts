import { mappedAroundBytes } from "../kernel/index.js";
import type {
  ColumnEntry,
  KeyBlockEntry,
  RecordBlockEntry,
  StoreReader,
  TupleBlockEntry,
} from "../ports/index.js";
import { BlockWalk, type MappedPages } from "./mapped-pages.js";

const nothing = new Uint8Array(0);

/** What walks are made of: a reader, and who counts the pages that it maps. */
export interface WalkParts {
  reader: StoreReader;
  pages: MappedPages;
}

export function recordWalk({ reader, pages }: WalkParts, from = 0): BlockWalk<RecordBlockEntry> {
  return new BlockWalk({
    pages,
    open: (last) => reader.recordBlocks(last?.firstId ?? from),
    isBehind: (entry, last) => entry.firstId > last.firstId,
    place: ({ firstId }) => ({ firstId, block: nothing }),
    bytesOf: ({ block }) => block.length,
  });
}

/** Posting blocks of a segment, from the one that may hold the first posting of `fromIndex`. */
export function tupleWalk(
  { reader, pages }: WalkParts,
  segment: number,
  fromIndex: number,
): BlockWalk<TupleBlockEntry> {
  return new BlockWalk({
    pages,
    open: (last) => reader.tupleBlocks(segment, last?.index ?? fromIndex, last?.term ?? 0n, last?.id ?? 0),
    isBehind: (entry, last) => {
      if (entry.index !== last.index) return entry.index > last.index;
      return entry.term === last.term ? entry.id > last.id : entry.term > last.term;
    },
    place: ({ index, term, id }) => ({ index, term, id, block: nothing }),
    bytesOf: ({ block }) => block.length,
  });
}

export function keyWalk({ reader, pages }: WalkParts, segment: number): BlockWalk<KeyBlockEntry> {
  return new BlockWalk({
    pages,
    open: (last) =>
      last === null ? reader.keyBlocks(segment, 0n) : reader.keyBlocks(segment, last.hash, last.ordinal),
    isBehind: (entry, last) =>
      entry.hash === last.hash ? entry.ordinal > last.ordinal : entry.hash > last.hash,
    place: ({ hash, ordinal }) => ({ hash, ordinal, block: nothing }),
    bytesOf: ({ block }) => block.length,
  });
}

export function columnWalk({ reader, pages }: WalkParts, index: number): BlockWalk<ColumnEntry> {
  return new BlockWalk({
    pages,
    open: (last) => reader.columnChunks(index, last?.firstId ?? 0),
    isBehind: (entry, last) => entry.firstId > last.firstId,
    place: ({ firstId }) => ({ firstId, chunk: nothing }),
    // Chunks lie apart, between blocks of records: what is mapped around each counts too.
    bytesOf: ({ chunk }) => chunk.length + mappedAroundBytes,
  });
}
