import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImportReport, RejectLine } from "../../src/pipeline/index.js";

export const projectFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const bin = projectFile("bin/plimsoll.js");

export interface Ended {
  /** Null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  error: string;
  seconds: number;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when stderr holds the text; rejects when the process ends without it. */
  told(text: string): Promise<void>;
}

export interface StartOptions {
  cwd?: string;
  environment?: Record<string, string>;
  input?: string | Uint8Array;
  /** Leaves stdin open. */
  hasOpenInput?: boolean;
  /** Another program in front of the command's words. */
  program?: readonly string[];
}

/** Starts the built command line in a process of its own. */
export function startPlimsoll(args: readonly string[], options: StartOptions = {}): Running {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...(options.program ?? [bin]), ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  let error = "";
  const waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    error += chunk;
    for (const { text, resolve } of waiting) if (error.includes(text)) resolve();
  });
  child.stdin.on("error", () => {});
  if (options.input !== undefined) child.stdin.end(options.input);
  else if (options.hasOpenInput !== true) child.stdin.end();
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      for (const { text, reject } of waiting) reject(new Error(`ended without "${text}": ${error}`));
      const seconds = (performance.now() - startedAt) / 1000;
      resolve({ code, signal, out: Buffer.concat(out).toString("utf8"), error, seconds });
    });
  });
  const told = (text: string) =>
    new Promise<void>((resolve, reject) => {
      if (error.includes(text)) resolve();
      else waiting.push({ text, resolve, reject });
    });
  return { child, ended, told };
}

export function plimsoll(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return startPlimsoll(args, options).ended;
}

export interface Folder {
  path: string;
  file(name: string): string;
  read(name: string): string;
  write(name: string, content: string | Uint8Array): string;
  remove(): void;
}

/** A folder for a test's own files. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "plimsoll-import-"));
  const file = (name: string) => join(path, name);
  return {
    path,
    file,
    read: (name) => readFileSync(file(name), "utf8"),
    write: (name, content) => {
      mkdirSync(dirname(file(name)), { recursive: true });
      writeFileSync(file(name), content);
      return file(name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Imported extends Ended {
  /** Null when none was written. */
  report: ImportReport | null;
}

let reports = 0;

/** Runs an import with a report; every report's counts must add up, whatever became of the import. */
export async function importInto(
  folder: Folder,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Imported> {
  const path = folder.file(`report-${++reports}.json`);
  const ended = await plimsoll(["import", ...args, "--report", path, "--progress", "none"], {
    cwd: folder.path,
    ...options,
  });
  return { ...ended, report: readReport(path) };
}

/** Null when there is none. */
export function readReport(path: string): ImportReport | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return null;
  }
  const report = JSON.parse(text) as ImportReport;
  const { read, ...fates } = report.records;
  const sum = Object.values(fates).reduce((total, count) => total + count, 0);
  if (sum !== read) throw new Error(`the counts do not add up: ${JSON.stringify(report.records)}`);
  return report;
}

export function readRejects(path: string): RejectLine[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as RejectLine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
