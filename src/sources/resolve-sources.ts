import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { detectBytesMax, isPlimsollError, PlimsollError } from "../kernel/index.js";
import { hasGlob } from "../model/index.js";
import type { Source, SourceFormat } from "../ports/index.js";
import { archiveMember, isSevenZip, openSevenZip, unsupported } from "./archives/index.js";
import { type ByteStream, PrefixedBytes, readHead } from "./bytes/byte-stream.js";
import { compressionOf, decompress, decompressBytes, readStoredHead } from "./bytes/decompress.js";
import { FileBytes, unreadable } from "./bytes/file-bytes.js";
import { ReadableBytes } from "./bytes/stdin-bytes.js";
import { ComicSource, type ComicSourceOptions } from "./comics/index.js";
import { detectShape, formatOfName, isHeadEnough, isTable, type TextShape } from "./detect.js";
import { dgraphJsonOrigin } from "./dgraph-json/index.js";
import { expandGlob, folderFiles } from "./glob.js";
import { isParquet, openParquet, unsupportedParquet } from "./parquet/index.js";
import { type ByteOrigin, fileOrigin, streamOrigin, TextSource } from "./text-source.js";
import { turtleOrigin } from "./turtle/index.js";

export interface ResolveOptions {
  format?: SourceFormat;
  /** The members that lead to the array of records, in sources that are then all taken for JSON. */
  recordsAt?: readonly string[];
  /** What relative paths start from; names of sources stay as they were given. */
  cwd: string;
  /** The stream for `-`; the process's own unless told. */
  stdin?: Readable;
  /** What that stream is called; `-` unless told. */
  stdinName?: string;
  /** For the format comics: what is kept of the library between imports; without it nothing is. */
  comics?: Pick<ComicSourceOptions, "catalogue" | "isCatalogueOfTarget" | "isFresh">;
  /** Told of what a folder holds that is passed over, and why. */
  onNote?: (note: string) => void;
}

/** The sources that arguments name: as given from argument to argument, sorted within a glob or folder. */
export async function resolveSources(args: readonly string[], options: ResolveOptions): Promise<Source[]> {
  if (options.format === "comics") return [await openLibrary(args, options)];
  const sources: Source[] = [];
  try {
    for (const argument of args) sources.push(...(await resolveArgument(argument, options)));
    return sources;
  } catch (error) {
    for (const source of sources) await source.close?.();
    throw error;
  }
}

async function resolveArgument(argument: string, options: ResolveOptions): Promise<Source[]> {
  if (argument === "-") {
    return [await openStream(options.stdinName ?? "-", options.stdin ?? process.stdin, options)];
  }
  const path = resolve(options.cwd, argument);
  const kind = await kindOf(argument, path);
  if (kind === "folder") return openFolder(argument, path, options);
  if (kind === "file") return openFile(argument, path, options);
  const inside = archiveMember(argument);
  if (inside !== null) return openMember(inside, options);
  if (!hasGlob(argument)) throw notFound(argument);
  const sources: Source[] = [];
  for (const name of await expandGlob(argument, options.cwd)) {
    sources.push(...(await openFile(name, resolve(options.cwd, name), options)));
  }
  if (sources.length === 0) throw notFound(argument);
  return sources;
}

/** A library is one folder: the paths of its archives are keys. */
async function openLibrary(args: readonly string[], options: ResolveOptions): Promise<Source> {
  const [name = ""] = args;
  const path = resolve(options.cwd, name);
  const kept = options.comics ?? { catalogue: null, isCatalogueOfTarget: false, isFresh: false };
  const isOne = args.length === 1 && name !== "-";
  const kind = isOne ? await kindOf(name, path) : "none";
  if (kind === "folder") return new ComicSource({ name, path, ...kept });
  if (isOne && kind === "none") throw notFound(name);
  const reason = args.length > 1 ? `${args.length} sources are named` : "it is no folder";
  throw new PlimsollError("COMICS_ROOT", { source: name, reason }, { place: { source: name } });
}

async function openFolder(name: string, path: string, options: ResolveOptions): Promise<Source[]> {
  const sources: Source[] = [];
  const note = options.onNote ?? (() => undefined);
  for (const file of await folderFiles(path)) {
    const fileName = name.endsWith("/") ? name + file : `${name}/${file}`;
    const filePath = join(path, file);
    if ((await kindOf(fileName, filePath)) !== "file") {
      note(`${fileName} is passed over: it is no file.`);
      continue;
    }
    try {
      for (const source of await openFile(fileName, filePath, options)) {
        // Prose has commas too, so within a folder only a name makes a table of a text.
        if (options.format || !isTable(source.format) || isTable(formatOfName(fileName)))
          sources.push(source);
        else note(`${fileName} is passed over: name it to read it as ${source.format}.`);
      }
    } catch (error) {
      if (!isPlimsollError(error) || error.code !== "FORMAT_UNKNOWN") throw error;
      note(`${fileName} is passed over: ${error.details.reason}.`);
    }
  }
  if (sources.length === 0) throw notFound(name);
  return tablesOf(sources, note);
}

/** Where some files are tables of a dump, the folder is one, and what else lies in it is no part of it. */
function tablesOf(sources: readonly Source[], note: (note: string) => void): Source[] {
  const tables = sources.filter(({ entityTold = null }) => entityTold !== null);
  if (tables.length === 0) return [...sources];
  for (const source of sources) {
    if (!tables.includes(source)) note(`${source.name} is passed over: it is no table of the dump.`);
  }
  return tables;
}

/** A file is one source, an archive one for each file in it that can be read. */
async function openFile(name: string, path: string, options: ResolveOptions): Promise<Source[]> {
  const { format = null, onNote = () => undefined } = options;
  const stored = await FileBytes.open(path, 0, name);
  let stream: ByteStream = stored;
  try {
    const magic = await readStoredHead(stored);
    if (isSevenZip(magic)) return await openSevenZip({ name, path, format, member: null, onNote });
    if (format === "parquet" || (format === null && isParquet(magic))) return [await openParquet(name, path)];
    const compression = compressionOf(magic);
    stream = decompress(new PrefixedBytes(magic, stored), compression, name);
    const head = await headOf(stream);
    if (isParquet(head)) throw unsupportedParquet(name, "it is compressed as a whole, and not page by page");
    const shape = detectShape(name, head, format);
    const origin = fileOrigin(name, path, {
      compression,
      decompressBytes: decompressBytes(compression, magic),
    });
    return [textSource(origin, { ...shape, ...wayOf(options) }, pathToFileURL(path).href)];
  } finally {
    await stream.close();
  }
}

async function openStream(name: string, readable: Readable, options: ResolveOptions): Promise<TextSource> {
  const { format = null } = options;
  let stream: ByteStream = new ReadableBytes(readable, name);
  try {
    const magic = await readStoredHead(stream);
    if (isSevenZip(magic)) throw unsupported(name, "an archive is read from a file, and this is a stream");
    if (format === "parquet" || isParquet(magic)) throw unsupportedParquet(name, streamText);
    const compression = compressionOf(magic);
    stream = decompress(new PrefixedBytes(magic, stream), compression, name);
    const head = await readHead(stream, detectBytesMax, isHeadEnough);
    const shape = detectShape(name, head, format);
    const stored = { compression, decompressBytes: decompressBytes(compression, magic) };
    const origin = streamOrigin(name, stored, new PrefixedBytes(head, stream));
    return textSource(origin, { ...shape, ...wayOf(options) }, null);
  } catch (error) {
    await stream.close();
    throw error;
  }
}

const streamText = "it is a stream, and what says where its columns stand comes last";

/** One file of an archive, called as its source is. */
async function openMember(
  { archive, member }: { archive: string; member: string },
  options: ResolveOptions,
): Promise<Source[]> {
  const path = resolve(options.cwd, archive);
  const name = `${archive}/${member}`;
  if ((await kindOf(name, path)) !== "file") throw notFound(name);
  const { format = null, onNote = () => undefined } = options;
  return openSevenZip({ name: archive, path, format, member, onNote });
}

function wayOf({ recordsAt }: ResolveOptions): Pick<TextShape, "recordsAt"> {
  return recordsAt === undefined ? {} : { recordsAt };
}

function textSource(origin: ByteOrigin, shape: TextShape, base: string | null): TextSource {
  const { format } = shape;
  if (format === "dgraph-json") return new TextSource(dgraphJsonOrigin(origin), shape);
  if (format !== "turtle" && format !== "trig") return new TextSource(origin, shape);
  return new TextSource(turtleOrigin(origin, { name: origin.name, format, base }), shape);
}

/** The head of a stream, as far as it can be read: damage behind its first byte is met by the reading. */
async function headOf(stream: ByteStream): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  try {
    while (head.length < detectBytesMax) {
      const chunk = await stream.next();
      if (chunk === null) break;
      head = Buffer.concat([head, chunk]);
    }
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "SOURCE_DAMAGED" || head.length === 0) throw error;
  }
  return head;
}

async function kindOf(name: string, path: string): Promise<"file" | "folder" | "none"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const condition = unreadable(name, error);
    if (condition.code === "SOURCE_NOT_FOUND") return "none";
    throw condition;
  }
}

function notFound(source: string): PlimsollError {
  return new PlimsollError("SOURCE_NOT_FOUND", { source }, { place: { source } });
}
