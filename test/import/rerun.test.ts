import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { parquetBytes } from "../sources/parquet-files.js";
import { makeFolder, plimsoll, readRejects } from "../support/cli.js";
import { pasted } from "../support/pasted.js";

const timeoutMs = 90_000;
const folder = makeFolder();
afterAll(folder.remove);

const memory = ["--memory", "160MiB", "--progress", "none"];
const run = (args: readonly string[]) => plimsoll(["import", ...args, ...memory], { cwd: folder.path });

test(
  "the command for a bad row is right for every kind of source",
  async () => {
    const rows = [1, 2, "x", 4].map((id) => ({ id, name: "n" }));
    const lines = rows.map((row) => JSON.stringify(row)).join("\n");
    const csv = "id,name\n1,n\n2,n\nx,n\n4,n\n";
    folder.write("kinds/lines.jsonl", lines);
    folder.write("kinds/list.json", JSON.stringify(rows, null, 2));
    folder.write("kinds/inside.json", JSON.stringify({ page: { size: 4 }, data: { items: rows } }));
    folder.write("kinds/table.csv", csv);
    folder.write("kinds/packed.csv.gz", gzipSync(csv));
    const columnData = [
      { name: "id", type: "STRING" as const, data: rows.map(({ id }) => String(id)) },
      { name: "name", type: "STRING" as const, data: rows.map(({ name }) => name) },
    ];
    folder.write("kinds/page.parquet", parquetBytes({ columnData, rowGroupSize: 2 }));
    folder.write(
      "kinds/int.yml",
      "version: 1\nentities:\n  Row: { key: id, fields: { id: int, name: string } }\n",
    );
    folder.write(
      "kinds/text.yml",
      "version: 1\nentities:\n  Row: { key: id, fields: { id: string, name: int } }\n",
    );
    const names = ["lines.jsonl", "list.json", "inside.json", "table.csv", "packed.csv.gz", "page.parquet"];
    const actions = names.map((source, at) => {
      const path = source === "inside.json" ? "    records-at: data.items\n" : "";
      const mapping = source === "page.parquet" ? "text" : "int";
      return `  - entity: Row\n    source: ${source}\n    target: store${at}\n    mapping: ${mapping}.yml\n${path}`;
    });
    folder.write("kinds/plan.yml", `version: 0\nactions:\n${actions.join("")}`);
    const ended = await run(["--plan", "kinds/plan.yml"]);
    expect(ended.code, ended.error).toBe(0);
    const commands = [...ended.error.matchAll(/mended\? (plimsoll .*)/g)].map(([, command]) => command!);
    // Names in the Parquet file are no numbers, in any row.
    expect(commands).toHaveLength(9);
    for (const [at, source] of names.entries()) {
      const record = source === "page.parquet" ? 0 : 2;
      const command = commands[at]!;
      expect(command).toContain(`--offset ${record} --limit 1`);
      const again = await plimsoll([...pasted(command), "--progress", "none"], { cwd: folder.path });
      expect(again.error, source).toContain("0 stored + 1 rejected = 1 read");
      const [reject] = readRejects(folder.file(`kinds/store${at}.rejects.jsonl`)).filter(
        (line) => line.record === record + 1,
      );
      expect(`plimsoll ${pasted(reject!.rerun!).join(" ")}`).toBe(command);
    }
  },
  timeoutMs,
);
