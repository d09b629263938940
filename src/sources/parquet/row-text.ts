import type { SchemaTree } from "hyparquet";
import type { ParquetLibrary } from "./hyparquet-library.js";
import { BadText } from "./value-text.js";

/** A row that has no text, and why. */
export class RowFault extends Error {}

/** Writes the value of a column as JSON; the texts of the values in it are there already. */
export type NodeWriter = (value: unknown) => string;

export function nodeWriter(node: SchemaTree, library: ParquetLibrary): NodeWriter {
  const inner = innerWriter(node, library);
  const { repetition_type: repetition } = node.element;
  // A list that is not marked as one is a member that is repeated.
  return repetition === "REPEATED" ? (value) => arrayText(value, inner) : inner;
}

function innerWriter(node: SchemaTree, library: ParquetLibrary): NodeWriter {
  if (node.children.length === 0) return leafText;
  if (library.isListLike(node)) {
    const [repeated] = node.children as [SchemaTree];
    // The middle one of three levels has no name in the record.
    const isMiddle = repeated.children.length === 1;
    const element = isMiddle ? nodeWriter(repeated.children[0]!, library) : innerWriter(repeated, library);
    return (value) => arrayText(value, element);
  }
  if (library.isMapLike(node)) {
    const value = nodeWriter(node.children[0]!.children[1]!, library);
    return (map) => mapText(map, value);
  }
  const members = node.children.map((child) => ({
    name: child.element.name,
    text: `${JSON.stringify(child.element.name)}:`,
    write: nodeWriter(child, library),
  }));
  return (value) => {
    if (value === null || value === undefined) return "null";
    const object = value as Record<string, unknown>;
    return `{${members.map(({ name, text, write }) => text + write(object[name])).join(",")}}`;
  };
}

export function leafText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof BadText) throw new RowFault(value.reason);
  return "null";
}

function arrayText(value: unknown, element: NodeWriter): string {
  if (value === null || value === undefined) return "null";
  return `[${(value as unknown[]).map(element).join(",")}]`;
}

/** Keys are texts of values: those of strings have their quotes. */
function mapText(map: unknown, value: NodeWriter): string {
  if (map === null || map === undefined) return "null";
  const name = (key: string) => (key.startsWith('"') ? key : JSON.stringify(key));
  const members = Object.entries(map).map(([key, inner]) => `${name(key)}:${value(inner)}`);
  return `{${members.join(",")}}`;
}
