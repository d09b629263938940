import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const dist = (path: string) => pathToFileURL(join(import.meta.dirname, "../../dist", path)).href;

/** Counts the threads of a process of its own; what it leaves open is to keep it from nothing. */
const script = `
  import { readdirSync } from "node:fs";
  import { StartedThreads } from "${dist("pipeline/index.js")}";
  import { divideLine, resolveLine } from "${dist("memory/index.js")}";
  import { workerLimitsOf } from "${dist("pipeline/worker-limits.js")}";
  const count = () => readdirSync("/proc/self/task").length;
  const before = count();
  const planOf = (line) => ({ memory: { line: resolveLine(line) }, sources: [], threads: 2 });
  const started = (threads, line) => (threads.start(planOf(line)), count() - before);
  const short = started(new StartedThreads(), "96MiB");
  const threads = new StartedThreads();
  const told = [short, started(threads, "400MiB"), started(threads, "400MiB")];
  const line = { lineBytes: 400 * 2 ** 20, lineOrigin: "--memory", baselineBytes: 64 * 2 ** 20 };
  const limits = workerLimitsOf(divideLine({ ...line, threads: 2 }), {});
  await threads.keep(1, limits);
  told.push(count() - before);
  await threads.keep(1, { ...limits, maxOldGenerationSizeMb: 1 });
  told.push(count() - before);
  await threads.keep(2, limits);
  started(new StartedThreads(), "400MiB");
  process.stdout.write(JSON.stringify(told));
`;

test.skipIf(!existsSync("/proc/self/task"))(
  "threads start once, end when they do not fit, and keep nothing alive",
  () => {
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 60_000 });
    expect(JSON.parse(out.toString())).toEqual([0, 2, 2, 1, 0]);
  },
);
