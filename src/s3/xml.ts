import { SaxesParser } from "saxes";

/** Text of elements by their path below the root, such as `Contents/Key`. */
export type XmlText = Map<string, string>;

/**
 * Takes an answer apart into the texts outside of the repeated elements, and those of each repeated one.
 * Throws where it is no XML.
 */
export function readXml(text: string, repeated: readonly string[] = []) {
  const parser = new SaxesParser();
  const root: XmlText = new Map();
  const items: { name: string; text: XmlText }[] = [];
  const path: string[] = [];
  let rootName = "";
  let value = "";
  parser.on("opentag", ({ name }) => {
    if (rootName === "") rootName = name;
    else path.push(name);
    value = "";
    if (path.length === 1 && repeated.includes(name)) items.push({ name, text: new Map() });
  });
  const take = (piece: string) => {
    value += piece;
  };
  parser.on("text", take);
  parser.on("cdata", take);
  parser.on("closetag", () => {
    const isItem = repeated.includes(path[0] ?? "");
    const key = path.slice(isItem ? 1 : 0).join("/");
    if (key !== "") (isItem ? items.at(-1)!.text : root).set(key, value);
    path.pop();
    value = "";
  });
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(text).close();
  return { rootName, root, items };
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}
