import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const packMsMax = 120_000;
let folder: string;
let unpacked: string;

/** What people get from the registry, unpacked; the dependencies are those of the project. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-package-"));
  // The tests run on what is built: packing builds nothing again.
  await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  await run("tar", ["-xzf", join(folder, archive), "-C", folder]);
  unpacked = join(folder, "package");
  symlinkSync(join(root, "node_modules"), join(unpacked, "node_modules"));
}, packMsMax);

afterAll(() => rmSync(folder, { recursive: true }));

function plimsoll(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, [join(unpacked, "bin", "plimsoll.js"), ...args], { cwd: folder });
}

test("the package holds the program and its papers, and nothing of the workshop", () => {
  const names = readdirSync(unpacked);
  expect(names).toEqual(
    expect.arrayContaining(["bin", "dist", "docs", "package.json", "README.md", "LICENSE"]),
  );
  for (const name of ["src", "test", "bench", "kernels", "scripts"]) expect(names).not.toContain(name);
});

test("its program gives help", async () => {
  const { stdout } = await plimsoll("--help");
  for (const command of ["import", "query", "stats", "verify"]) expect(stdout).toContain(command);
});

test(
  "its program loads a file and answers",
  async () => {
    writeFileSync(join(folder, "cities.csv"), "id,name,population\n1,Rome,2800000\n2,Oslo,700000\n");
    const { stderr } = await plimsoll("import", "cities.csv", "--into", "store", "--memory", "256MiB");
    expect(stderr).toContain("2 stored");
    const { stdout } = await plimsoll(
      "query",
      "store",
      "--filter",
      '{"where":{"population":{"lt":1000000}}}',
    );
    expect(JSON.parse(stdout)).toEqual({ id: 2, name: "Oslo", population: 700000 });
  },
  packMsMax,
);

test("its library can be imported", async () => {
  const code = "import('plimsoll').then((door) => console.log(Object.keys(door).join()))";
  writeFileSync(join(unpacked, "try.mjs"), code);
  const { stdout } = await run(process.execPath, [join(unpacked, "try.mjs")], { cwd: unpacked });
  for (const name of ["governedBatches", "runImport", "openStoreReader"]) expect(stdout).toContain(name);
});
