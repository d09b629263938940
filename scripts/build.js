// Builds dist/: the hot kernels (AssemblyScript to WebAssembly SIMD), then the TypeScript sources, then what runs as
// a process or a thread in few files: a module costs memory, and a hundred of them cost 8 MiB of the line.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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

/** The tables of letters and lower-case forms, made once here and not in every thread. */
async function writeUnicodeTables() {
  const { Kernel } = await import("../dist/kernel/index.js");
  const { createUnicodeTables } = await import("../dist/model/create-unicode-tables.js");
  const { exports } = new Kernel({ memoryBytes: 1 << 20 });
  const tables = createUnicodeTables(exports.textTablesBytes(), exports.textPointsMapped());
  writeFileSync(join(root, "dist", "unicode-tables.bin"), tables);
}

/**
 * The command line and the threads, from the compiled sources. CommonJS, for it begins sooner: Node.js reads it at
 * once, and its loader of ECMAScript modules costs every thread some milliseconds. A thread gets one file with no more
 * than it needs. Packages stay where they are, but for YAML, whose sixty files become one.
 */
async function bundle() {
  rmSync(join(root, "dist", "bundle"), { recursive: true, force: true });
  await bundleFiles({ cli: "dist/cli/main.js", garbage: "dist/kernel/garbage.js", yaml: "yaml" });
  await bundleFiles({ worker: "dist/pipeline/worker.js" });
  await bundleFiles({ "signature-worker": "dist/relay/signature-worker.js" });
}

async function bundleFiles(input) {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    cwd: root,
    input,
    platform: "node",
    external: ["koffi", "lmdb", "bufferutil", "utf-8-validate"],
    plugins: [{ name: "yaml-beside", transform: besideBundle }],
  });
  await build.write({
    dir: join(root, "dist", "bundle"),
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
}

function besideBundle(code, id) {
  return id.endsWith("yaml-library.js") ? code.replace('load("yaml")', 'load("./yaml.cjs")') : null;
}

/** The page that the server hands out: one script, one style sheet, and nothing from anywhere else. */
async function bundlePage() {
  const { rolldown } = await import("rolldown");
  const folder = join(root, "dist", "page");
  rmSync(folder, { recursive: true, force: true });
  const build = await rolldown({
    cwd: root,
    input: { main: "page/main.ts" },
    platform: "browser",
    resolve: { extensionAlias: { ".js": [".ts"] } },
    tsconfig: "page/tsconfig.json",
  });
  await build.write({ dir: folder, format: "esm", minify: true });
  await build.close();
  const sheets = ["base", "layout", "imports", "records", "snapshots"].map((name) =>
    readFileSync(join(root, "page", "styles", `${name}.css`), "utf8"),
  );
  writeFileSync(join(folder, "style.css"), sheets.join("\n"));
  for (const name of ["index.html", "icon.svg"]) copyFileSync(join(root, "page", name), join(folder, name));
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
    // Classes are exported among the kernels only, which share their layout.
    "--disableWarning",
    "235",
  ]);
}
const stamp = ".tsbuild";
if (force || isOlder(join("dist", stamp), newest("src", ".ts")) || isOlder("dist/unicode-tables.bin", 1)) {
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  run(tsc, ["-p", "tsconfig.json"]);
  await writeUnicodeTables();
  await bundle();
  writeFileSync(join(root, "dist", stamp), "");
}
if (force || isOlder("dist/page/style.css", newest("page", ""))) await bundlePage();
