import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderSettings } from "../../scripts/settings-doc.js";
import { settableShares, shareSettings } from "../../src/memory/index.js";
import { optionFlags, optionTable, rowKey } from "../../src/settings/index.js";
import { type Folder, importInto, makeFolder, plimsoll } from "../support/cli.js";
import { jsonl, visibleState } from "../support/imports.js";

test("docs/settings.md is what `npm run docs:settings` writes", () => {
  const page = readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8");
  expect(page).toBe(renderSettings({ optionTable, optionFlags, rowKey }));
  const rows = page.split("\n").filter((line) => line.startsWith("| `--"));
  expect(rows).toHaveLength(optionTable.length);
});

test("every share that can be asked for is asked for by the option that names it, and by no other", () => {
  for (const name of settableShares) {
    const rows = optionTable.filter((row) => row.shares?.includes(name));
    expect(rows.map((row) => row.name)).toEqual([shareSettings[name]]);
    expect(rows[0]).toMatchObject({ type: "bytes", commands: ["import", "plan", "serve", "memory"] });
  }
});

describe("imports with settings", () => {
  let folder: Folder;
  const count = 20_000;

  beforeAll(() => {
    folder = makeFolder();
    const records = Array.from({ length: count }, (_, id) => ({
      id,
      name: `name ${id % 997} of ${"word ".repeat(id % 40)}`,
      size: (id * 7919) % 1000,
    }));
    folder.write("items.jsonl", jsonl(records));
  });

  afterAll(() => folder.remove());

  const mapping = ["--entity", "Item", "--key", "id", "--range", "size", "--text", "name"];

  test("the file's line and shares are in the report, and a variable wins over it", async () => {
    folder.write(
      "plimsoll.yaml",
      "memory: 1GiB\nimport:\n  run-buffer: 8MiB\n  batch-bytes: 512KiB\n  dirty-pages: 2MiB\n  threads: 2\n",
    );
    const args = ["items.jsonl", "--into", "a", ...mapping];
    const fromFile = await importInto(folder, args);
    expect([fromFile.code, fromFile.error]).toEqual([0, expect.any(String)]);
    expect(fromFile.report?.memory).toMatchObject({
      lineBytes: 2 ** 30,
      lineSource: "plimsoll.yaml: memory",
      shares: { runBuffers: 8 * 2 ** 20, databaseDirty: 2 * 2 ** 20, inputSlabs: 4 * 2 ** 19 },
    });
    expect(fromFile.report!.governor.batchBytes.max).toBeLessThanOrEqual(2 ** 19);
    expect(fromFile.report!.memory.peakRssBytes).toBeLessThanOrEqual(2 ** 30);
    const environment = { PLIMSOLL_MEMORY: "2%,300MiB..300MiB", PLIMSOLL_DIRTY_PAGES: "4MiB" };
    const args2 = ["items.jsonl", "--into", "b", ...mapping];
    const fromVariable = await importInto(folder, args2, { environment });
    expect(fromVariable.report?.memory).toMatchObject({
      lineBytes: 300 * 2 ** 20,
      lineSource: "PLIMSOLL_MEMORY",
      shares: { runBuffers: 8 * 2 ** 20, databaseDirty: 4 * 2 ** 20 },
    });
    const states = [await visibleState(folder.file("a")), await visibleState(folder.file("b"))];
    expect(states[0]!.lines).toHaveLength(count);
    expect(states[0]).toEqual(states[1]);
  }, 120_000);

  test("batches of any size load the same store", async () => {
    folder.write("plimsoll.yaml", "memory: 1GiB\nthreads: 1\n");
    const sizes = ["256KiB", "320KiB", "64MiB"];
    const states = [];
    for (const size of sizes) {
      const args = ["items.jsonl", "--into", size, "--batch-bytes", size, "--graduality", "1", ...mapping];
      const { code, report } = await importInto(folder, args);
      expect([code, report?.records.stored]).toEqual([0, count]);
      states.push(await visibleState(folder.file(size)));
    }
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  }, 120_000);

  test.each([
    [["--memory", "120%"], 2, '--memory: "120%" is no memory line'],
    [["--memory", "60%,2GiB..1GiB"], 2, "is no memory line"],
    [["--memory", "0.1%,..70MiB"], 1, "is too small"],
    [
      ["--memory", "192MiB", "--run-buffer", "150MiB"],
      1,
      "SHARES_TOO_LARGE: The line of 192 MiB does not hold",
    ],
    [["--dirty-pages", "1GiB"], 1, "SHARE_OUT_OF_RANGE: --dirty-pages is 1 GiB"],
    [["--sync-every", "0"], 2, "--sync-every must be 1 or more"],
    [["--config", "no.toml"], 2, "CONFIG_UNREADABLE"],
  ])("%j is refused before anything is written", async (options, code, message) => {
    const args = [
      "import",
      "items.jsonl",
      "--into",
      "refused",
      "--config",
      "none.yaml",
      ...mapping,
      ...options,
    ];
    folder.write("none.yaml", "");
    const ended = await plimsoll(args, { cwd: folder.path });
    expect(ended.error).toContain(message);
    expect(ended.code).toBe(code);
    expect(existsSync(folder.file("refused"))).toBe(false);
  });

  test("plan and memory print the same division as the import gets", async () => {
    folder.write("plimsoll.yaml", "memory: 512MiB\nthreads: 2\nrun-buffer: 16MiB\nwriteback: 4MiB\n");
    const memory = await plimsoll(["memory", "--json"], { cwd: folder.path });
    const document = JSON.parse(memory.out);
    expect(document).toMatchObject({ lineSource: "plimsoll.yaml: memory", threads: 2 });
    expect(document.shares).toMatchObject({ runBuffers: 16 * 2 ** 20, writeback: 4 * 2 ** 20 });
    const plan = await plimsoll(["plan", "items.jsonl", "--into", "planned", ...mapping], {
      cwd: folder.path,
    });
    expect(plan.out).toMatch(/runBuffers +16 MiB/);
    expect(plan.out).toMatch(/writeback +4 MiB/);
    const query = await plimsoll(
      ["query", "a", "--filter", '{"entity":"Item","order":"-size","limit":3}', "--block-cache", "64KiB"],
      { cwd: folder.path },
    );
    expect(query.out.split("\n")).toHaveLength(4);
  }, 60_000);
});
