import { createRequire } from "node:module";
import type { SaxesParser } from "saxes";
import { comicXmlDepthMax, comicXmlNodesMax } from "../../../kernel/index.js";
import { type ComicFault, comicFault } from "../comic-fault.js";

/** An element of a small document. */
export interface XmlElement {
  /** Without a prefix, in lower case: programs differ in both. */
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

type Saxes = { SaxesParser: new (options: { position: false }) => SaxesParser };

let library: Saxes | null = null;

/** Loaded when the first document comes: other imports shall not pay for it. */
function saxes(): Saxes {
  library ??= createRequire(import.meta.url)("saxes") as Saxes;
  return library;
}

/**
 * Reads a document of metadata whole. A document type is refused, since it could define entities; what is not
 * well-formed throws an error, which costs this form of metadata alone.
 */
export function parseXml(text: string): XmlElement {
  const parser = new (saxes().SaxesParser)({ position: false });
  const stack: XmlElement[] = [];
  let root: XmlElement | null = null;
  let nodes = 0;
  let refused: ComicFault | null = null;
  parser.on("doctype", () => {
    refused ??= comicFault("COMIC_METADATA", "its XML declares a document type, which is not read");
    throw refused;
  });
  parser.on("opentag", (tag) => {
    nodes += 1;
    if (nodes > comicXmlNodesMax || stack.length >= comicXmlDepthMax) {
      refused ??= comicFault("COMIC_METADATA", "its XML has more elements than metadata has");
      throw refused;
    }
    const attributes: Record<string, string> = {};
    for (const [name, value] of Object.entries(tag.attributes)) attributes[localName(name)] = String(value);
    const element = { name: localName(tag.name), attributes, children: [], text: "" };
    stack.at(-1)?.children.push(element);
    root ??= element;
    stack.push(element);
  });
  const addText = (piece: string): void => {
    const open = stack.at(-1);
    if (open !== undefined) open.text += piece;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    stack.pop();
  });
  parser.write(text).close();
  if (root === null) throw new Error("it has no element");
  return root;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}

/** The first child of a name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

export function childText(element: XmlElement | undefined, name: string): string | undefined {
  return child(element, name)?.text;
}

/** The children of a list: `<Genres><Genre/>...`. */
export function items(element: XmlElement | undefined, list: string, item: string): XmlElement[] {
  return child(element, list)?.children.filter((candidate) => candidate.name === item) ?? [];
}

export function all(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((candidate) => candidate.name === name);
}
