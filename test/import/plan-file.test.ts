import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlanReport } from "../../src/cli/plan-report.js";
import {
  type Ended,
  makeFolder,
  plimsoll,
  projectFile,
  readRejects,
  readReport,
  startPlimsoll,
} from "../support/cli.js";
import { visibleState } from "../support/imports.js";
import { pasted } from "../support/pasted.js";

const timeoutMs = 90_000;
const folder = makeFolder();
afterAll(folder.remove);

const count = 600;
const memory = ["--memory", "160MiB", "--progress", "none"];

beforeAll(() => {
  const words = [
    "scripts/gen.js",
    "products",
    "--count",
    String(count),
    "--bad",
    "1",
    "--out",
    folder.file("feed"),
  ];
  execFileSync(process.execPath, words, { cwd: projectFile("") });
});

const run = (args: readonly string[]) => plimsoll(["import", ...args, ...memory], { cwd: folder.path });

async function countOf(store: string, entity: string): Promise<number> {
  const { out, error } = await plimsoll([
    "query",
    folder.file(store),
    "--filter",
    JSON.stringify({ entity }),
    "--count",
  ]);
  expect(error).toBe("");
  return Number(out);
}

function rerunOf({ error }: Ended): string {
  return /mended\? (plimsoll .*)/.exec(error)![1]!;
}

test(
  "a plan is carried out in order, told per action, and the bad row comes in by the command that is printed",
  async () => {
    const report = folder.file("report.json");
    const first = await run(["--plan", "feed/plan.yml", "--report", report]);
    expect(first.code, first.error).toBe(0);
    expect(first.error.match(/\(action \d of 5\)/g)).toHaveLength(5);
    expect(first.error).toContain(`
product-abstract (action 2 of 5)
  Importer type        ProductAbstract
  Import source        feed/product_abstract.csv
  Importable DataSets  600
  Imported DataSets    599
  Rejected DataSets    1
`);
    expect(first.error).toContain(
      "feed/product_abstract.csv at data set position 600 has an error: FIELD_TYPE, ",
    );
    expect(first.error).toContain("Overall Import status: Successful, 5 of 5 actions");
    const whole = readReport(report) as PlanReport;
    expect(whole).toMatchObject({
      state: "complete",
      target: "feed/shop",
      error: null,
      records: { rejected: 1 },
    });
    expect(whole.actions.map(({ action, state }) => [action, state])).toEqual(
      ["category", "product-abstract", "product-concrete", "product-price", "product-stock"].map((name) => [
        name,
        "complete",
      ]),
    );
    for (const part of ["read", "stored", "rejected"] as const) {
      expect(whole.records[part]).toBe(whole.actions.reduce((sum, { records }) => sum + records[part], 0));
    }
    expect(whole.memory.peakRssBytes).toBeLessThanOrEqual(whole.memory.lineBytes);

    const query = {
      entity: "ProductAbstract",
      where: { labels: "gift", "attributes.weight": { gt: 0 }, "name.en_US": "" },
    };
    const {
      where: { "name.en_US": _name, ...where },
    } = query;
    const found = await plimsoll([
      "query",
      folder.file("feed/shop"),
      "--filter",
      JSON.stringify({ ...query, where, limit: 1 }),
    ]);
    expect(JSON.parse(found.out)).toMatchObject({
      name: { en_US: expect.any(String), de_DE: expect.any(String) },
    });
    expect(JSON.parse(found.out).labels).toContain("gift");

    const csv = folder.file("feed/product_abstract.csv");
    const text = readFileSync(csv, "utf8");
    const again = await plimsoll(pasted(rerunOf(first)), { cwd: folder.path });
    expect(again.error).toContain("1 rejected = 1 read");
    writeFileSync(csv, text.replace(",heavy,", ",12.5,"));
    const mended = await plimsoll(pasted(rerunOf(first)), { cwd: folder.path });
    expect(mended.code, mended.error).toBe(0);
    expect(mended.error).toContain("1 stored = 1 read");
    expect(await countOf("feed/shop", "ProductAbstract")).toBe(count);
    expect(readRejects(folder.file("feed/shop.rejects.jsonl"))).toEqual([]);

    // What changed is read again and is nothing new; the rest has nothing to do.
    const second = await run(["--plan", "feed/plan.yml"]);
    expect(second.code, second.error).toBe(0);
    expect(second.error.match(/finished before, nothing to do/g)).toHaveLength(4);
    expect(second.error).toContain("Imported DataSets    600 (0 stored + 600 replaced)");
  },
  timeoutMs,
);

test(
  "a plan with a fault loads nothing",
  async () => {
    folder.write(
      "feed/faulty.yml",
      "version: 0\ntarget: faulty\nactions:\n  - data_entity: category\n    source: category.csv\n  - data_entity: product-stock\n    source: absent.csv\n    fileSystem: s3\n",
    );
    const { code, error } = await run(["--plan", "feed/faulty.yml"]);
    expect(code).toBe(2);
    expect(error).toContain(
      'PLAN_INVALID: feed/faulty.yml: line 6: action "product-stock": No source matches feed/absent.csv.',
    );
    expect(error).toContain('files of "s3" must lie here');
    expect(existsSync(folder.file("feed/faulty"))).toBe(false);
    // What is not asked for is not looked for.
    const only = await run(["--plan", "feed/faulty.yml", "--only", "category"]);
    expect(only.code, only.error).toBe(0);
    expect(only.error).toContain("1 of 1 actions");
  },
  timeoutMs,
);

test(
  "rejects of one source that is read twice stay apart",
  async () => {
    folder.write("twice/a.jsonl", '{"id":1}\n{"id":\n');
    const action = (entity: string) => `  - entity: ${entity}\n    source: a.jsonl\n    key: id\n`;
    folder.write("twice/plan.yml", `version: 0\ntarget: store\nactions:\n${action("A")}${action("B")}`);
    const { code, error } = await run(["--plan", "twice/plan.yml"]);
    expect(code, error).toBe(0);
    expect(error.match(/mended\? .* --offset 1 --limit 1/g)).toHaveLength(2);
    for (const name of ["store.rejects.jsonl", "store.B.rejects.jsonl"]) {
      expect(readRejects(folder.file(`twice/${name}`))).toHaveLength(1);
    }
  },
  timeoutMs,
);

test(
  "a plan ends with an action that fails, or goes on behind it",
  async () => {
    folder.write("two/a.jsonl", '{"id":1}\n{"id":\n{"id":3}\n');
    folder.write("two/b.jsonl", '{"id":1}\n');
    const action = (name: string) =>
      `  - name: ${name}\n    entity: ${name.toUpperCase()}\n    source: ${name}.jsonl\n    key: id\n`;
    folder.write(
      "two/plan.yml",
      `version: 0\ntarget: store\nactions:\n${action("a")}    on-error: abort\n${action("b")}`,
    );
    const ended = await run(["--plan", "two/plan.yml"]);
    expect(ended.code).toBe(1);
    expect(ended.error).toContain("Import status        Failed (");
    expect(ended.error).toContain("The plan ends with a.");
    expect(ended.error).not.toContain("action 2 of 2");
    const going = await run(["--plan", "two/plan.yml", "--into", "elsewhere", "--keep-going"]);
    expect(going.code).toBe(1);
    expect(going.error).toContain("Overall Import status: Failed, 1 of 2 actions");
    expect(await countOf("elsewhere", "B")).toBe(1);
    const rejects = await run([
      "--plan",
      "two/plan.yml",
      "--into",
      "third",
      "--on-error",
      "reject",
      "--max-rejects",
      "0",
    ]);
    expect(rejects.code).toBe(3);
    expect(rejects.error).toContain("Failed (more rejects than --max-rejects allows)");
  },
  timeoutMs,
);

const catalog = ["--plan", "feed/plan.yml", "--group", "catalog"];
let whole: ReturnType<typeof visibleState> | undefined;

/** What a plan that nothing disturbs leaves behind. */
function wholeState(): ReturnType<typeof visibleState> {
  whole ??= run([...catalog, "--into", "whole"]).then(({ code, error }) => {
    expect(code, error).toBe(0);
    return visibleState(folder.file("whole"));
  });
  return whole;
}

test.each(["SIGINT", "SIGKILL"] as const)(
  "ended by %s, a plan goes on at its action and ends as undisturbed",
  async (signal) => {
    const store = signal.toLowerCase();
    const args = [...catalog, "--into", store, "--memory", "160MiB", "--sync-every", "100"];
    const running = startPlimsoll(["import", ...args, "--progress", "json"], { cwd: folder.path });
    await running.told('"name":"product-concrete"');
    running.child.kill(signal);
    const ended = await running.ended;
    if (signal === "SIGINT") {
      expect(ended.code, ended.error).toBe(130);
      expect(ended.error).toContain(
        `Go on with:\n  plimsoll import --into ${store} --plan feed/plan.yml --group catalog `,
      );
    }
    const resumed = await plimsoll(["import", ...args, "--progress", "none"], { cwd: folder.path });
    expect(resumed.code, resumed.error).toBe(0);
    expect(resumed.error.match(/finished before, nothing to do/g)?.length).toBeGreaterThanOrEqual(2);
    expect(resumed.error).toContain("3 of 3 actions");
    expect(await visibleState(folder.file(store))).toEqual(await wholeState());
  },
  timeoutMs,
);

test(
  "actions are chosen by name, place and group",
  async () => {
    const plan = ["--plan", "feed/plan.yml", "--into", "chosen"];
    const namesOf = ({ error }: Ended) => [...error.matchAll(/^(\S+) \(action/gm)].map(([, name]) => name);
    expect(namesOf(await run([...plan, "--group", "offer", "--from", "product-stock"]))).toEqual([
      "product-stock",
    ]);
    expect(namesOf(await run([...plan, "--only", "product-price,category"]))).toEqual([
      "category",
      "product-price",
    ]);
    const part = await run([...plan, "--only", "product-abstract", "--offset", "10", "--limit", "5"]);
    expect(part.error).toContain("Importable DataSets  5\n");
    const unknown = await run([...plan, "--only", "product-prise"]);
    expect(unknown).toMatchObject({
      code: 2,
      error: expect.stringContaining('did you mean "product-price"'),
    });
    const both = await run([...plan, "--offset", "10"]);
    expect(both).toMatchObject({ code: 2, error: expect.stringContaining("name it with --only") });
    const mapped = await run([...plan, "--key", "sku"]);
    expect(mapped).toMatchObject({
      code: 2,
      error: expect.stringContaining("write it into the plan's action"),
    });
  },
  timeoutMs,
);
