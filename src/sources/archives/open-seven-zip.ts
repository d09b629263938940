import { PlimsollError } from "../../kernel/index.js";
import type { SourceFormat } from "../../ports/index.js";
import { type ByteOrigin, fileFingerprint, TextSource } from "../text-source.js";
import { tableEntityOfName } from "../xml-tables.js";
import { methodOf, unpackBytes, unsupported } from "./packed-streams.js";
import { PackedFileBytes, RunReaders, storedShare } from "./run-reader.js";
import { listSevenZip } from "./seven-zip.js";
import type { PackedFile } from "./seven-zip-header.js";

export { isSevenZip } from "./seven-zip.js";

export interface SevenZipOptions {
  /** As the archive is called in messages. */
  name: string;
  path: string;
  format: SourceFormat | null;
  /** The one file that is wanted; null for all that are tables. */
  member: string | null;
  onNote: (note: string) => void;
}

/**
 * The tables of a Stack Exchange dump in an archive, each a source: told by their names, nothing is unpacked.
 */
export async function openSevenZip(options: SevenZipOptions): Promise<TextSource[]> {
  const { name, path, member } = options;
  if (options.format !== null && options.format !== "stackexchange") {
    throw unsupported(name, "only tables of Stack Exchange dumps are read from an archive");
  }
  const listed = await listSevenZip(path, name);
  const readers = new RunReaders(path);
  const sources: TextSource[] = [];
  for (const file of listed.filter((one) => member === null || one.name === member)) {
    const source = `${name}/${file.name}`;
    const entityTold = tableEntityOfName(file.name);
    if (entityTold === null) {
      options.onNote(`${source} is passed over: it is called like no table of a Stack Exchange dump.`);
      continue;
    }
    const shape = { format: "stackexchange", delimiter: ",", entityTold } as const;
    sources.push(new TextSource(memberOrigin(source, path, readers, file), shape));
  }
  if (sources.length > 0) return sources;
  if (member !== null) throw new PlimsollError("SOURCE_NOT_FOUND", { source: `${name}/${member}` });
  const reason = "the archive holds no table of a Stack Exchange dump";
  throw new PlimsollError("FORMAT_UNKNOWN", { source: name, reason }, { place: { source: name } });
}

/**
 * The archive and the file in it that a path such as `dump.7z/Posts.xml` means; null when it is no such path.
 */
export function archiveMember(path: string): { archive: string; member: string } | null {
  const [, archive, member] = /^(.*?\.7z)\/(.+)$/i.exec(path) ?? [];
  return archive === undefined || member === undefined ? null : { archive, member };
}

function memberOrigin(name: string, path: string, readers: RunReaders, file: PackedFile): ByteOrigin {
  return {
    name,
    compression: "7z",
    decompressBytes: unpackBytes(methodOf(name, file.run), file.run),
    isSeekable: false,
    open: async () => new PackedFileBytes(readers, file, name),
    // The head of an archive holds the checksum of its list of files, which holds those of the files.
    fingerprint: async () => ({
      ...(await fileFingerprint(name, path)),
      sizeBytes: storedShare(file, file.bytes),
    }),
    close: () => readers.close(),
  };
}
