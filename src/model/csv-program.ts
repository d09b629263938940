import { assert } from "../kernel/index.js";
import type { ColumnNode } from "./column-rules.js";
import type { CompiledEntity, FieldType } from "./compiled-mapping.js";

/** What the fields of an entity say of the types of values. */
export interface CsvTypes {
  /** The type of the value at a path; null where no field reads it. */
  at(path: readonly string[]): FieldType | null;
  /** Types of the values right below a path, by their names. */
  below(path: readonly string[]): ReadonlyMap<string, FieldType>;
}

export function csvTypesOf({ fields }: CompiledEntity): CsvTypes {
  const own = fields.filter(({ predicate }) => predicate === undefined);
  const types = new Map(own.map(({ path, type }) => [JSON.stringify(path), type]));
  return {
    at: (path) => types.get(JSON.stringify(path)) ?? null,
    below: (path) => {
      const here = JSON.stringify(path);
      const among = own.filter((field) => JSON.stringify(field.path.slice(0, -1)) === here);
      return new Map(among.map((field) => [field.path.at(-1)!, field.type]));
    },
  };
}

const headerBytes = 24;
const stepBytes = 32;
const cellBytes = 12;
const nameBytes = 12;

const cellTypes: Record<FieldType, number> = {
  string: 1,
  int: 2,
  float: 3,
  bool: 4,
  date: 5,
  hex: 5,
  json: 6,
  pairs: 6,
};
const listType = 7;
const pairType = 8;
/** Of a name that a pair may not have. */
const noType = 0;

interface Step {
  type: number;
  text: string;
  column: number;
  argument: number;
  elementType: number;
  pairsBefore: number;
  names: { name: string; type: number }[];
}

/**
 * Compiles the shape of a table's records into the CSV kernel's program (its layout is in kernels/csv.ts).
 */
export function compileCsvProgram(
  columnCount: number,
  nodes: readonly ColumnNode[],
  types: CsvTypes,
  delimiter: string,
): Uint8Array {
  const delimiterByte = delimiter.charCodeAt(0);
  assert(delimiter.length === 1 && delimiterByte < 0x80, "a delimiter is one ASCII character");
  assert(!'"\r\n'.includes(delimiter), "a quote or a line break is no delimiter");
  const draft = new Draft(types);
  draft.object(nodes, [], []);
  const { steps, text } = draft;
  const cellsAt = headerBytes + steps.length * stepBytes;
  const texts = new Texts(cellsAt + columnCount * cellBytes);
  const tail = texts.add(text);
  const placed = steps.map((step) => ({ step, text: texts.add(step.text) }));
  const lists = new Map(
    [...new Set(steps.map(({ names }) => names))].map((names) => [names, texts.addNames(names)]),
  );
  const program = new Uint8Array(texts.end);
  const view = new DataView(program.buffer);
  writeWords(view, 0, [columnCount, delimiterByte, cellsAt, steps.length, tail.offset, tail.bytes]);
  placed.forEach(({ step, text }, i) => {
    const words = [step.type, text.offset, text.bytes, step.column, step.argument, step.elementType];
    writeWords(view, headerBytes + i * stepBytes, [...words, step.pairsBefore, lists.get(step.names)!]);
  });
  for (const { offset, bytes } of texts.parts) program.set(bytes, offset);
  return program;
}

/** The steps of an object, one after another; text that no step has written yet is written by the next. */
class Draft {
  readonly steps: Step[] = [];
  text = "";
  readonly #types: CsvTypes;

  constructor(types: CsvTypes) {
    this.#types = types;
  }

  object(nodes: readonly ColumnNode[], pairs: readonly { key: number; value: number }[], path: string[]) {
    this.text += "{";
    nodes.forEach((node, index) => {
      this.text += `${index === 0 ? "" : ","}${JSON.stringify(node.name)}:`;
      const here = [...path, node.name];
      if (node.kind === "object") this.object(node.nodes, node.pairs, here);
      else this.#cell(node.column, node.separator, cellTypes[this.#types.at(here) ?? "string"]);
    });
    // What a pair is called is known when its row is read: a name that stands here already is none for it.
    const taken = nodes.map(({ name }) => ({ name, type: noType }));
    const typed = [...this.#types.below(path)].map(([name, type]) => ({ name, type: cellTypes[type] }));
    const names = [...taken, ...typed.filter(({ name }) => !nodes.some((node) => node.name === name))];
    pairs.forEach(({ key, value }, pairsBefore) => {
      const step = { type: pairType, column: key, argument: value, elementType: 0, pairsBefore };
      this.#push({ ...step, names });
    });
    this.text += "}";
  }

  #cell(column: number, separator: string | null, type: number): void {
    const step = { column, pairsBefore: 0, names: [] };
    if (separator === null) this.#push({ ...step, type, argument: 0, elementType: 0 });
    else this.#push({ ...step, type: listType, argument: separator.charCodeAt(0), elementType: type });
  }

  #push(step: Omit<Step, "text">): void {
    this.steps.push({ ...step, text: this.text });
    this.text = "";
  }
}

/** Lays texts out one behind another. */
class Texts {
  end: number;
  readonly parts: { offset: number; bytes: Uint8Array }[] = [];

  constructor(start: number) {
    this.end = start;
  }

  add(text: string): { offset: number; bytes: number } {
    return this.#place(new TextEncoder().encode(text), 1);
  }

  /** The offset of a list of names; 0 for none. */
  addNames(names: Step["names"]): number {
    if (names.length === 0) return 0;
    const placed = names.map(({ name, type }) => ({ type, ...this.add(name) }));
    const list = new Uint8Array(4 + names.length * nameBytes);
    const view = new DataView(list.buffer);
    view.setUint32(0, names.length, true);
    placed.forEach(({ type, offset, bytes }, i) => {
      writeWords(view, 4 + i * nameBytes, [type, offset, bytes]);
    });
    return this.#place(list, 4).offset;
  }

  #place(bytes: Uint8Array, alignment: number): { offset: number; bytes: number } {
    const offset = Math.ceil(this.end / alignment) * alignment;
    this.parts.push({ offset, bytes });
    this.end = offset + bytes.length;
    return { offset, bytes: bytes.length };
  }
}

function writeWords(view: DataView, offset: number, words: readonly number[]): void {
  for (const [i, word] of words.entries()) view.setUint32(offset + i * 4, word, true);
}
