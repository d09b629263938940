// Builds dist/: the hot kernels (AssemblyScript to WebAssembly SIMD), then the TypeScript sources.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);

function newest(folder, ending) {
  const times = readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => statSync(join(root, folder, name)).mtimeMs);
  return times.length === 0 ? 0 : Math.max(...times);
}

function isOlder(output, inputTime) {
  try {
    return statSync(join(root, output)).mtimeMs < inputTime;
  } catch {
    return true;
  }
}

function run(script, args) {
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
}

mkdirSync(join(root, "dist"), { recursive: true });
const force = process.argv.includes("--force");
if (force || isOlder("dist/kernels.wasm", newest("kernels", ".ts"))) {
  const asc = join(dirname(require.resolve("assemblyscript/package.json")), "bin", "asc.js");
  run(asc, [
    "kernels/index.ts",
    "--outFile",
    "dist/kernels.wasm",
    "--runtime",
    "stub",
    "--importMemory",
    "--noExportMemory",
    "--enable",
    "simd",
    "-O3",
    "--noAssert",
    "--zeroFilledMemory",
  ]);
}
const stamp = ".tsbuild";
if (force || isOlder(join("dist", stamp), newest("src", ".ts"))) {
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  run(tsc, ["-p", "tsconfig.json"]);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(root, "dist", stamp), "");
}
