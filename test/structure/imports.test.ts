import { posix } from "node:path";
import { expect, test } from "vitest";
import { type SourceFile, sourceFiles } from "./source-files.js";

/** Who may import whom. A folder that is not in the table fails the test: decide first, then add it. */
const permitted: Record<string, readonly string[] | "everything"> = {
  kernel: [],
  model: ["kernel"],
  mapping: ["kernel", "model"],
  memory: ["kernel"],
  postings: ["kernel", "model", "memory"],
  tables: ["kernel", "model"],
  ports: ["kernel", "model", "tables"],
  pipeline: ["kernel", "model", "memory", "postings", "ports", "presets", "tables"],
  sources: ["kernel", "model", "ports"],
  targets: ["kernel", "model", "ports", "postings", "tables"],
  query: ["kernel", "model", "postings", "ports"],
  s3: ["kernel"],
  snapshots: ["kernel", "model", "ports", "memory", "s3"],
  live: ["kernel", "model", "pipeline", "ports", "postings", "query"],
  presets: ["model", "mapping"],
  relay: ["kernel", "live", "model", "ports", "presets", "query"],
  settings: ["kernel", "memory"],
  preparation: [
    "kernel",
    "live",
    "model",
    "mapping",
    "memory",
    "pipeline",
    "ports",
    "presets",
    "settings",
    "snapshots",
    "sources",
    "targets/lmdb",
    "targets/null",
    "targets/postgres",
    "targets/sqlite",
    "tables",
  ],
  server: "everything",
  cli: "everything",
  "index.ts": "everything",
};

interface Import {
  from: string;
  line: number;
  text: string;
  /** Path of the imported file, from the project's root. */
  to: string;
}

/** Files that are started as they were bundled, and where they come from. */
const bundled: Record<string, string> = {
  "dist/bundle/worker.cjs": "src/pipeline/worker.ts",
  "dist/bundle/signature-worker.cjs": "src/relay/signature-worker.ts",
};

const importPattern =
  /(?:^|\s)(?:import|export)\s(?:[^"';]*?\sfrom\s)?"(\.[^"]+)"|import\("(\.[^"]+)"\)|new URL\("(\.[^"]+\.c?js)"/g;

/** Relative imports of a file: static, dynamic, and files that are started as workers. */
function importsOf(file: SourceFile): Import[] {
  return [...file.text.matchAll(importPattern)].map((match) => {
    const target = (match[1] ?? match[2] ?? match[3])!;
    const line = file.text.slice(0, match.index + match[0].length).split("\n").length;
    const path = posix.join(posix.dirname(file.path), target);
    const to = bundled[path] ?? path.replace(/\.js$/, ".ts");
    return { from: file.path, line, text: match[0].trim().replace(/\s+/g, " "), to };
  });
}

/** The folder that a file belongs to: targets/lmdb and targets/sqlite are two. */
function folderOf(path: string): string {
  const [, first, second, third] = path.split("/");
  return first === "targets" && third !== undefined ? `targets/${second}` : first!;
}

function faultOf(entry: Import): string | undefined {
  const from = folderOf(entry.from);
  const to = folderOf(entry.to);
  if (from === to) return undefined;
  const rule = permitted[from.split("/")[0]!];
  if (rule === undefined) return `${from} is not in the table`;
  if (!entry.to.startsWith("src/")) return "leaves src";
  if (rule !== "everything" && !rule.includes(to)) return `${from} may not import ${to}`;
  const isDoor = entry.to === `src/${to}/index.ts` || entry.to === "src/index.ts";
  return isDoor ? undefined : `${to} is imported past its door`;
}

/** The first cycle among files, as a path that ends where it began. */
function cycleOf(edges: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}

const files = sourceFiles("src");
const imports = files.flatMap(importsOf);

test("imports keep to the table and go through the doors", () => {
  const faults = imports.flatMap((entry) => {
    const fault = faultOf(entry);
    return fault === undefined ? [] : [`${entry.from}:${entry.line} ${fault}: ${entry.text}`];
  });
  expect(faults).toEqual([]);
});

test("every import leads to a file", () => {
  const paths = new Set(files.map((file) => file.path));
  const lost = imports.filter((entry) => entry.to.startsWith("src/") && !paths.has(entry.to));
  expect(lost.map((entry) => `${entry.from}:${entry.line} ${entry.text}`)).toEqual([]);
});

test("no file imports itself in a circle", () => {
  const edges = new Map<string, string[]>();
  for (const entry of imports) edges.set(entry.from, [...(edges.get(entry.from) ?? []), entry.to]);
  expect(cycleOf(edges)).toBeUndefined();
});

test("the net itself catches what it is for", () => {
  const caught = (path: string, text: string) => importsOf({ path, text }).map(faultOf);
  expect(caught("src/kernel/a.ts", 'import { x } from "../model/index.js";')).toEqual([
    "kernel may not import model",
  ]);
  expect(caught("src/model/a.ts", 'export * from "../kernel/errors.js";')).toEqual([
    "kernel is imported past its door",
  ]);
  expect(caught("src/targets/lmdb/a.ts", 'import type {\n  B,\n} from "../sqlite/index.js";')).toEqual([
    "targets/lmdb may not import targets/sqlite",
  ]);
  expect(caught("src/memory/a.ts", 'await import("../pipeline/index.js")')).toEqual([
    "memory may not import pipeline",
  ]);
  expect(caught("src/memory/a.ts", 'import "node:fs";\nimport { b } from "./b.js";')).toEqual([undefined]);
  expect(
    cycleOf(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    ),
  ).toEqual(["b", "c", "b"]);
});

test("the page is made of itself alone", () => {
  const strangers = sourceFiles("page").flatMap((file) =>
    [...file.text.matchAll(/(?:from|import) ?\(?"([^"]+)"/g)]
      .map((match) => posix.join(posix.dirname(file.path), match[1]!))
      .filter((path) => !path.startsWith("page/"))
      .map((path) => `${file.path}: ${path}`),
  );
  expect(strangers).toEqual([]);
});
