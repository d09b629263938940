import type { DecodedArray, SchemaTree } from "hyparquet";
import { collectGarbage, parquetGarbageBytesMax, parquetStepRowsMax } from "../../kernel/index.js";
import { damaged } from "../bytes/damage.js";
import { ColumnReader, type LeafValue } from "./column-reader.js";
import type { ParquetLibrary } from "./hyparquet-library.js";
import type { ParquetFile, ParquetShape } from "./parquet-file.js";
import { leafText, type NodeWriter, nodeWriter } from "./row-text.js";
import { type ValueWriter, valueWriter } from "./value-text.js";

/** A member of the records: one column, or the columns of what nests. */
interface Member {
  node: SchemaTree;
  /** Its name as JSON, and a colon. */
  text: string;
  /** Numbers of its leaves. */
  leaves: number[];
  write: NodeWriter;
}

export interface RowReaderOptions {
  file: ParquetFile;
  shape: ParquetShape;
  library: ParquetLibrary;
  pageBytesMax: number;
}

/** The rows of a file as lines of JSON, one after another, from any row on. */
export class RowReader {
  readonly #options: RowReaderOptions;
  readonly #members: Member[];
  readonly #writers: ValueWriter[];
  #group = 0;
  /** Of the group under way; null between groups. */
  #columns: ColumnReader[] | null = null;
  #groupRow = 0;
  /** By member, the values of the rows that go out now. */
  #step: (readonly unknown[])[] = [];
  #stepRows = 0;
  #stepAt = 0;
  #garbageBytes = 0;

  constructor(options: RowReaderOptions) {
    const { shape, library } = options;
    this.#options = options;
    this.#writers = shape.leaves.map(({ element, path }) => valueWriter(element, path.join("."), library));
    this.#members = shape.root.children.map((node) => ({
      node,
      text: `${JSON.stringify(node.element.name)}:`,
      leaves: [...shape.leaves.keys()].filter((leaf) => shape.leaves[leaf]!.path[0] === node.element.name),
      write:
        node.children.length === 0 && node.element.repetition_type !== "REPEATED"
          ? leafText
          : nodeWriter(node, library),
    }));
  }

  /** Passes over rows. Whole groups are not looked at. */
  async skip(rows: number): Promise<void> {
    let left = rows;
    while (left > 0) {
      const group = this.#options.shape.groups[this.#group];
      if (group === undefined) return;
      const held = Math.min(left, this.#stepRows - this.#stepAt);
      this.#stepAt += held;
      left -= held;
      if (this.#columns === null && left >= group.rows) {
        this.#group++;
        left -= group.rows;
      } else if (left > 0) {
        const columns = this.#openGroup();
        const passed = Math.min(left, group.rows - this.#groupRow);
        for (const column of columns) await column.skip(passed);
        this.#groupRow += passed;
        left -= passed;
        this.#endGroup();
      }
    }
  }

  /** Whether there is a row to be written. */
  async advance(): Promise<boolean> {
    while (this.#stepAt === this.#stepRows) {
      this.#endGroup();
      if (this.#options.shape.groups[this.#group] === undefined) return false;
      await this.#nextStep(this.#openGroup());
    }
    return true;
  }

  /** The row as a line of JSON; throws a RowFault where it has none, and goes on behind it in any case. */
  next(): string {
    const at = this.#stepAt++;
    let text = "{";
    for (const [index, { text: name, write }] of this.#members.entries()) {
      text += `${index === 0 ? "" : ","}${name}${write(this.#step[index]![at])}`;
    }
    return `${text}}`;
  }

  #openGroup(): ColumnReader[] {
    if (this.#columns !== null) return this.#columns;
    const { file, shape, library, pageBytesMax } = this.#options;
    const { rows, chunks } = shape.groups[this.#group]!;
    this.#columns = chunks.map((chunk, index) => {
      const leaf = shape.leaves[index]!;
      const write = this.#writers[index]!;
      const onGarbage = (bytes: number) => this.#noteGarbage(bytes);
      return new ColumnReader({ file, library, leaf, chunk, rows, write, pageBytesMax, onGarbage });
    });
    this.#groupRow = 0;
    return this.#columns;
  }

  #endGroup(): void {
    const group = this.#options.shape.groups[this.#group];
    if (this.#columns === null || group === undefined || this.#groupRow < group.rows) return;
    this.#columns = null;
    this.#group++;
  }

  /** Takes as many rows as all columns have at hand. */
  async #nextStep(columns: readonly ColumnReader[]): Promise<void> {
    const { file, shape } = this.#options;
    const group = shape.groups[this.#group]!;
    let rows = Math.min(parquetStepRowsMax, group.rows - this.#groupRow);
    for (const column of columns) {
      await column.fill();
      rows = Math.min(rows, column.available);
    }
    if (rows === 0 && group.rows > this.#groupRow) {
      throw damaged(file.name, 0, `a column of row group ${this.#group + 1} has fewer rows than its group`);
    }
    const taken = columns.map((column) => column.take(rows));
    this.#step = this.#members.map((member) => this.#valuesOf(member, taken));
    this.#stepRows = rows;
    this.#stepAt = 0;
    this.#groupRow += rows;
  }

  #valuesOf({ node, leaves }: Member, taken: readonly LeafValue[][]): readonly unknown[] {
    const { shape, library, file } = this.#options;
    if (node.children.length === 0) return taken[leaves[0]!]!;
    const columns = new Map(
      leaves.map((leaf) => [shape.leaves[leaf]!.path.join("."), taken[leaf] as DecodedArray]),
    );
    try {
      library.assembleNested(columns, node, library.parsers);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw damaged(file.name, 0, `column "${node.element.name}": ${reason}`, error);
    }
    return columns.get(node.path.join(".")) as unknown[];
  }

  /** What decoding leaves behind counts against the line until it is collected. */
  #noteGarbage(bytes: number): void {
    this.#garbageBytes += bytes;
    if (this.#garbageBytes < parquetGarbageBytesMax) return;
    this.#garbageBytes = 0;
    collectGarbage();
  }
}
