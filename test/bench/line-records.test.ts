import { expect, test } from "vitest";
import { inputs } from "../../bench/prove/inputs.js";
import {
  alternatingRecords,
  distinctOfRepeated,
  distinctRecords,
  hotRecords,
  largeRecords,
  repeatedRecords,
  smallRecords,
  wideColumns,
  wideRows,
} from "../../scripts/lib/line-records.js";

function parsed(lines: Iterable<string>): Record<string, unknown>[] {
  return [...lines].map((line) => JSON.parse(line));
}

const bytesOf = (lines: string[]) =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length;

test("sizes are what the inputs are named after", () => {
  expect(bytesOf([...smallRecords({ count: 2000 })])).toSatisfy((bytes: number) => bytes > 90 && bytes < 110);
  const large = [...largeRecords({ count: 6 })];
  expect(bytesOf(large)).toSatisfy((bytes: number) => bytes > 900_000 && bytes < 1_000_000);
  const turns = [...alternatingRecords({ count: 6 })].map((line) => line.length > 1000);
  expect(turns).toEqual([false, true, false, true, false, true]);
  expect(parsed([...large, ...alternatingRecords({ count: 2 })])).toHaveLength(8);
});

test("the same seed gives the same lines, another seed others", () => {
  const lines = [repeatedRecords, hotRecords, distinctRecords, smallRecords, wideRows].map((make) => [
    [...make({ count: 50, seed: 3 })].join("\n"),
    [...make({ count: 50, seed: 3 })].join("\n"),
    [...make({ count: 50, seed: 4 })].join("\n"),
  ]);
  for (const [one, same, other] of lines) {
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  }
});

test("as many keys are distinct as the input says, and nine of ten repeat", () => {
  for (const count of [1, 9, 10, 11, 5000]) {
    const keys = new Set(parsed(repeatedRecords({ count })).map((record) => record.sku));
    expect(keys.size).toBe(distinctOfRepeated(count));
  }
});

test("two hundred thousand keys in no order are all different", () => {
  const keys = [...distinctRecords({ count: 200_000 })].map((line) => JSON.parse(line).session as string);
  expect(new Set(keys).size).toBe(keys.length);
  const rises = keys.filter((key, at) => at > 0 && key > keys[at - 1]!).length;
  expect(rises / keys.length).toBeGreaterThan(0.4);
  expect(rises / keys.length).toBeLessThan(0.6);
});

test("every hot record has the same indexed values", () => {
  const values = new Set(
    parsed(hotRecords({ count: 1000 })).map(({ level, service }) => `${level} ${service}`),
  );
  expect([...values]).toEqual(["info checkout"]);
});

test("wide rows have 300 cells, and 20 of the columns are indexed", () => {
  const [header, ...rows] = [...wideRows({ count: 50 })].map((line) => line.split(","));
  expect(header).toEqual(wideColumns);
  expect(wideColumns).toHaveLength(300);
  for (const row of rows) expect(row).toHaveLength(300);
  const { flags } = inputs.find(({ name }) => name === "wide")!;
  const fields = ["--index", "--range"].flatMap((name) => flags[flags.indexOf(name) + 1]!.split(","));
  expect(new Set(fields).size).toBe(20);
  for (const field of fields) expect(wideColumns).toContain(field);
});
