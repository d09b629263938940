import { createRequire } from "node:module";
import { comicYamlBytesMax } from "../../../kernel/index.js";
import { ComicFault, comicFault } from "../comic-fault.js";
import { readComet } from "./comet.js";
import { readComicBookInfo } from "./comic-book-info.js";
import { readComicInfo } from "./comic-info.js";
import type { ComicMetadata, MetadataForm } from "./comic-metadata.js";
import { readComicbox } from "./comicbox.js";
import { readMetronInfo } from "./metron-info.js";
import { parseXml } from "./xml-tree.js";
import { isDeepYaml } from "./yaml-depth.js";

/** The file of each form, by its name in lower case without folders. */
const forms: Readonly<Record<string, MetadataForm>> = {
  "comicbox.yaml": "comicbox-yaml",
  "comicbox.yml": "comicbox-yaml",
  "comicbox.json": "comicbox-json",
  "metroninfo.xml": "metroninfo",
  "comicinfo.xml": "comicinfo",
  "comet.xml": "comet",
  "comic-book-info.json": "comicbookinfo",
};

export function formOfEntry(entryName: string): MetadataForm | null {
  const base = entryName.slice(entryName.lastIndexOf("/") + 1).toLowerCase();
  return Object.hasOwn(forms, base) ? forms[base]! : null;
}

/**
 * What a file of metadata says. Throws an error whose message says why it says nothing, and a fault where the
 * file is made to harm.
 */
export function readForm(form: MetadataForm, bytes: Uint8Array): ComicMetadata {
  switch (form) {
    case "comicinfo":
      return readComicInfo(parseXml(decodeText(bytes)));
    case "metroninfo":
      return readMetronInfo(parseXml(decodeText(bytes)));
    case "comet":
      return readComet(parseXml(decodeText(bytes)));
    case "comicbookinfo":
    case "comment":
      return known(readComicBookInfo(JSON.parse(decodeText(bytes))));
    case "comicbox-json":
      return known(readComicbox(JSON.parse(decodeText(bytes))));
    case "comicbox-yaml":
      return known(readComicbox(parseYaml(bytes)));
    case "filename":
      throw new Error("a name is no file");
  }
}

function known(metadata: ComicMetadata | null): ComicMetadata {
  if (metadata === null) throw new Error("it holds something else");
  return metadata;
}

type Yaml = typeof import("yaml");

let yaml: Yaml | null = null;

/** Aliases are few in metadata; a document that multiplies by them is refused by the parser. */
function parseYaml(bytes: Uint8Array): unknown {
  if (bytes.length > comicYamlBytesMax) {
    throw comicFault("COMIC_TOO_LARGE", `its YAML is larger than ${comicYamlBytesMax} bytes`);
  }
  const text = decodeText(bytes);
  if (isDeepYaml(text)) throw comicFault("COMIC_METADATA", "its YAML nests deeper than metadata does");
  yaml ??= createRequire(import.meta.url)("yaml") as Yaml;
  return yaml.parse(text, { maxAliasCount: 32, logLevel: "silent" });
}

/** Text in UTF-8, or in what its first bytes or its XML declaration say. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 128)).toString("latin1");
  const told = /^<\?xml[^>]*encoding=["']([\w-]+)["']/i.exec(head)?.[1]?.toLowerCase() ?? "utf-8";
  return /^(iso-8859-\d+|latin1|windows-125\d|us-ascii|shift_jis|euc-jp)$/.test(told) ? told : "utf-8";
}

/** Why a form could not be read, in a few words; a fault that costs the comic goes on. */
export function formFault(error: unknown): string {
  if (error instanceof ComicFault) throw error;
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n")[0]!.slice(0, 200);
}
