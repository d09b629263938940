import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parquetBytes } from "../sources/parquet-files.js";
import { importInto, makeFolder, startPlimsoll } from "../support/cli.js";
import { visibleState } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const count = 120_000;

beforeAll(() => {
  const column = (name: string, of: (row: number) => string) => ({
    name,
    type: "STRING" as const,
    data: Array.from({ length: count }, (_, row) => of(row)),
  });
  const columnData = [
    column("id", (row) => `r${row}`),
    column("city", (row) => `city ${row % 300}`),
    column("text", (row) => `${"word ".repeat(row % 11)}${row}`),
  ];
  writeFileSync(folder.file("rows.parquet"), parquetBytes({ columnData, rowGroupSize: count }));
});

test("one large row group keeps the line, and an import of it that is killed goes on within it", async () => {
  const args = (store: string) => ["rows.parquet", "--into", store, "--key", "id", "--memory", "192MiB"];
  const whole = await importInto(folder, args("whole"));
  expect(whole.code, whole.error).toBe(0);
  expect(whole.report!.records.stored).toBe(count);
  expect(whole.report!.memory.peakRssBytes).toBeLessThanOrEqual(whole.report!.memory.lineBytes);
  const words = ["import", ...args("killed"), "--sync-every", "20000", "--progress", "json"];
  const running = startPlimsoll(words, { cwd: folder.path });
  await running.told('"phase":"read"');
  await new Promise((resolve) => setTimeout(resolve, 300));
  running.child.kill("SIGKILL");
  await running.ended;
  const resumed = await importInto(folder, [...args("killed"), "--sync-every", "20000"]);
  expect(resumed.code, resumed.error).toBe(0);
  expect(resumed.report!.records).toEqual(whole.report!.records);
  expect(await visibleState(folder.file("killed"))).toEqual(await visibleState(folder.file("whole")));
}, 90_000);
