import { ByteReader, HeaderFault } from "./byte-reader.js";

/**
 * A run of packed bytes of a 7z archive (7zFormat.txt of 7-Zip), which holds the bytes of its files one after
 * another.
 */
export interface PackedRun {
  /** Ids of the methods, as in `030101`; more than one where filters or encryption stand before the coder. */
  methods: string[];
  /** What the first method needs to know. */
  properties: Uint8Array;
  /** In the archive. */
  offset: number;
  packedBytes: number;
  bytes: number;
  crc: number | null;
}

export interface PackedFile {
  name: string;
  run: PackedRun;
  /** In the run. */
  offset: number;
  bytes: number;
  crc: number | null;
}

/** Numbers of properties. */
const id = {
  end: 0,
  header: 1,
  archiveProperties: 2,
  mainStreams: 4,
  files: 5,
  packInfo: 6,
  unpackInfo: 7,
  subStreams: 8,
  size: 9,
  checksums: 10,
  folder: 11,
  unpackSizes: 12,
  streamCounts: 13,
  emptyStreams: 14,
  names: 17,
  encodedHeader: 23,
};

/** Of a coder's flags. */
const coderFlag = { idBytes: 15, complex: 16, properties: 32 };

/** Where the packed bytes begin in every archive: behind its first 32. */
export const packedStart = 32;

export type SevenZipHeader =
  | { kind: "files"; files: PackedFile[] }
  /** The header is packed itself. */
  | { kind: "encoded"; run: PackedRun };

export function parseHeader(bytes: Uint8Array): SevenZipHeader {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (kind === id.encodedHeader) {
    const [run] = readStreams(reader).runs;
    if (run === undefined) throw new HeaderFault("its packed header is missing");
    return { kind: "encoded", run };
  }
  if (kind !== id.header) throw new HeaderFault(`its header is of kind ${kind}`);
  let type = reader.byte();
  if (type === id.archiveProperties) {
    while (reader.byte() !== id.end) reader.take(reader.number());
    type = reader.byte();
  }
  let streams: Streams = { runs: [], files: [] };
  if (type === id.mainStreams) {
    streams = readStreams(reader);
    type = reader.byte();
  }
  return { kind: "files", files: type === id.files ? readFiles(reader, streams.files) : [] };
}

type Stretch = Omit<PackedFile, "name">;

interface Streams {
  runs: PackedRun[];
  /** The bytes of files, whose names come later. */
  files: Stretch[];
}

function readStreams(reader: ByteReader): Streams {
  let packed: { offset: number; sizes: number[] } = { offset: packedStart, sizes: [] };
  let runs: PackedRun[] = [];
  let files: Stretch[] | null = null;
  for (let type = reader.byte(); type !== id.end; type = reader.byte()) {
    if (type === id.packInfo) packed = readPackInfo(reader);
    else if (type === id.unpackInfo) runs = readRuns(reader, packed);
    else if (type === id.subStreams) files = readSubStreams(reader, runs);
    else throw new HeaderFault(`its header has a list of kind ${type}`);
  }
  return { runs, files: files ?? runs.map((run) => ({ run, offset: 0, bytes: run.bytes, crc: run.crc })) };
}

function readPackInfo(reader: ByteReader): { offset: number; sizes: number[] } {
  const offset = packedStart + reader.number();
  const count = reader.count();
  let sizes: number[] = [];
  for (let type = reader.byte(); type !== id.end; type = reader.byte()) {
    if (type === id.size) sizes = Array.from({ length: count }, () => reader.number());
    else if (type === id.checksums) reader.checksums(count);
    else throw new HeaderFault(`its header has sizes of kind ${type}`);
  }
  return { offset, sizes };
}

interface Folder {
  methods: string[];
  properties: Uint8Array;
  outputs: number;
  inputs: number;
  /** Number of the output that no other coder takes. */
  last: number;
}

function readRuns(reader: ByteReader, packed: { offset: number; sizes: readonly number[] }): PackedRun[] {
  if (reader.byte() !== id.folder) throw new HeaderFault("its header has no coders");
  const count = reader.count();
  if (reader.byte() !== 0) throw new HeaderFault("its coders are stored elsewhere");
  const folders = Array.from({ length: count }, () => readFolder(reader));
  if (reader.byte() !== id.unpackSizes) throw new HeaderFault("its header has no sizes");
  const sizes = folders.map(({ outputs }) => Array.from({ length: outputs }, () => reader.number()));
  let checksums: (number | null)[] = [];
  for (let type = reader.byte(); type !== id.end; type = reader.byte()) {
    if (type !== id.checksums) throw new HeaderFault(`its coders have a list of kind ${type}`);
    checksums = reader.checksums(count);
  }
  let offset = packed.offset;
  let stream = 0;
  return folders.map(({ methods, properties, inputs, last }, at) => {
    const own = packed.sizes.slice(stream, stream + inputs);
    if (own.length < inputs) throw new HeaderFault("its header has too few sizes");
    const packedBytes = own.reduce((sum, bytes) => sum + bytes, 0);
    const run = { methods, properties, offset, packedBytes, bytes: sizes[at]![last]! };
    offset += packedBytes;
    stream += inputs;
    return { ...run, crc: checksums[at] ?? null };
  });
}

/** Coders and how they are bound to each other; only runs of one coder are read, others are told by it. */
function readFolder(reader: ByteReader): Folder {
  const coders = Array.from({ length: reader.count() }, () => readCoder(reader));
  const outputs = coders.reduce((sum, coder) => sum + coder.outputs, 0);
  const inputs = coders.reduce((sum, coder) => sum + coder.inputs, 0);
  if (outputs < 1 || inputs < outputs - 1 || outputs > 64 || inputs > 64) {
    throw new HeaderFault("its coders do not fit each other");
  }
  const bound = Array.from({ length: outputs - 1 }, () => ({
    input: reader.number(),
    output: reader.number(),
  }));
  const packed = inputs - bound.length;
  if (packed > 1) for (let stream = 0; stream < packed; stream++) reader.number();
  const last = Array.from({ length: outputs }, (_, at) => at).find(
    (at) => !bound.some(({ output }) => output === at),
  );
  const methods = coders.map(({ method }) => method);
  return { methods, properties: coders[0]!.properties, outputs, inputs: packed, last: last ?? 0 };
}

function readCoder(reader: ByteReader) {
  const flags = reader.byte();
  const method = Buffer.from(reader.take(flags & coderFlag.idBytes)).toString("hex");
  const [inputs, outputs] = (flags & coderFlag.complex) === 0 ? [1, 1] : [reader.count(), reader.count()];
  const properties = (flags & coderFlag.properties) === 0 ? new Uint8Array(0) : reader.take(reader.count());
  return { method, inputs, outputs, properties };
}

function readSubStreams(reader: ByteReader, runs: readonly PackedRun[]): Stretch[] {
  let counts = runs.map(() => 1);
  let type = reader.byte();
  if (type === id.streamCounts) {
    counts = runs.map(() => reader.count());
    type = reader.byte();
  }
  const hasSizes = type === id.size;
  const files = runs.flatMap((run, at) => stretchesOf(reader, run, counts[at]!, hasSizes));
  if (hasSizes) type = reader.byte();
  for (; type !== id.end; type = reader.byte()) {
    if (type !== id.checksums) throw new HeaderFault(`its files have a list of kind ${type}`);
    const unknown = files.filter(({ crc }) => crc === null);
    for (const [at, crc] of reader.checksums(unknown.length).entries()) unknown[at]!.crc = crc;
  }
  return files;
}

/** The size of the last file is what the others leave; the checksum of a run is that of its only file. */
function stretchesOf(reader: ByteReader, run: PackedRun, count: number, hasSizes: boolean): Stretch[] {
  if (count > 1 && !hasSizes) throw new HeaderFault("its files have no sizes");
  const files: Stretch[] = [];
  let offset = 0;
  for (let at = 0; at < count; at++) {
    const bytes = at === count - 1 ? run.bytes - offset : reader.number();
    if (bytes < 0) throw new HeaderFault("its files are larger than what holds them");
    files.push({ run, offset, bytes, crc: count === 1 ? run.crc : null });
    offset += bytes;
  }
  return files;
}

/** Files without bytes, and folders, have a name and no stretch. */
function readFiles(reader: ByteReader, stretches: readonly Stretch[]): PackedFile[] {
  const count = reader.count();
  let names: string[] = [];
  let isEmpty: boolean[] = [];
  for (let type = reader.byte(); type !== id.end; type = reader.byte()) {
    const property = new ByteReader(reader.take(reader.number()));
    if (type === id.emptyStreams) isEmpty = property.bits(count);
    else if (type === id.names) names = readNames(property, count);
  }
  if (names.length < count) throw new HeaderFault("its files have no names");
  const files: PackedFile[] = [];
  let next = 0;
  for (const [at, name] of names.entries()) {
    if (isEmpty[at] === true) continue;
    const stretch = stretches[next++];
    if (stretch === undefined) throw new HeaderFault("its header has more files than bytes for them");
    files.push({ name, ...stretch });
  }
  return files;
}

function readNames(property: ByteReader, count: number): string[] {
  if (property.byte() !== 0) throw new HeaderFault("its names are stored elsewhere");
  return Array.from({ length: count }, () => {
    const bytes: number[] = [];
    for (;;) {
      const [low, high] = [property.byte(), property.byte()];
      if (low === 0 && high === 0) return Buffer.from(bytes).toString("utf16le");
      bytes.push(low, high);
    }
  });
}
