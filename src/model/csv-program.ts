import { assert } from "../kernel/index.js";
import type { FieldType } from "./compiled-mapping.js";

/** Compiles the columns of a CSV source into the CSV kernel's program (its layout is in kernels/csv.ts). */
export interface CsvColumn {
  /** The member that the column becomes. */
  name: string;
  /** `skip` leaves the column out of the record. */
  type: FieldType | "skip";
}

const headerBytes = 16;
const columnBytes = 12;
const cellBytes = 12;

const columnTypes: Record<CsvColumn["type"], number> = {
  skip: 0,
  string: 1,
  int: 2,
  float: 3,
  bool: 4,
  date: 5,
  hex: 5,
  json: 6,
  pairs: 6,
};

export function compileCsvProgram(columns: readonly CsvColumn[], delimiter: string): Uint8Array {
  const delimiterByte = delimiter.charCodeAt(0);
  assert(delimiter.length === 1 && delimiterByte < 0x80, "a delimiter is one ASCII character");
  assert(!'"\r\n'.includes(delimiter), "a quote or a line break is no delimiter");
  const names = columns.map(({ name }) => new TextEncoder().encode(`,${JSON.stringify(name)}:`));
  const namesBytes = names.reduce((sum, name) => sum + name.length, 0);
  const cells = headerBytes + columns.length * columnBytes;
  let nameOffset = cells + columns.length * cellBytes;
  const program = new Uint8Array(nameOffset + namesBytes);
  const view = new DataView(program.buffer);
  view.setUint32(0, columns.length, true);
  view.setUint32(4, delimiterByte, true);
  view.setUint32(8, cells, true);
  columns.forEach(({ type }, i) => {
    const column = headerBytes + i * columnBytes;
    const name = names[i]!;
    view.setUint32(column, columnTypes[type], true);
    view.setUint32(column + 4, nameOffset, true);
    view.setUint32(column + 8, name.length, true);
    program.set(name, nameOffset);
    nameOffset += name.length;
  });
  return program;
}
