// One run of the proof: the real command line inside a memory cgroup of exactly the line's size, then the store held to account.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measureImport, runChild } from "../lib/measure.js";
import { bin, cacheFolder, root } from "../lib/project.js";
import { sizeText } from "../lib/sizes.js";
import { makeSlowDisk } from "../lib/slow-disk.js";
import { faultsOf } from "./checks.js";

const slowDisk = { sizeBytes: 4 * 2 ** 30, writeBytesPerSecond: 30e6 };

/**
 * The result has `faults` (empty when all checks hold) or `skipped` with the reason.
 * `form` is full or short; `isLargeAllowed` lets records that are too large for the line be set aside; `onEnd` sees the samples and the report.
 */
export async function proveImport(input, { lineBytes, form, isVerified, isLargeAllowed, onEnd }) {
  const title = `${input.title}, ${sizeText(lineBytes)}`;
  const work = join(cacheFolder(), `prove-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  let disk = null;
  try {
    if (input.isSlowDisk) {
      const made = makeSlowDisk(work, slowDisk);
      if (made.disk === null) return { title, skipped: `no slow disk can be made here (${made.reason})` };
      disk = made.disk;
    }
    const store = join(disk?.folder ?? work, "store");
    const run = await measureImport({
      title,
      input,
      memory: lineText(lineBytes),
      lineBytes,
      flags: input.flags,
      isInCgroup: true,
      store,
      feeder: feederOf(input, form),
      disk,
      onEnd,
    });
    if (run.skipped !== undefined) return run;
    const found = run.state === "complete" ? await accountOf(store, isVerified) : noAccount;
    return {
      ...run,
      verify: found.verify === null ? null : { code: found.verify.code, seconds: found.verify.seconds },
      faults: faultsOf(run, input, found, isLargeAllowed),
    };
  } finally {
    disk?.close();
    rmSync(work, { recursive: true, force: true });
  }
}

const noAccount = { store: null, verify: null, rejects: null };

/** What the store says of itself, asked outside of the cgroup. */
async function accountOf(store, isVerified) {
  const { status, stdout } = spawnSync(process.execPath, [bin, "stats", store, "--json"], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const account = {
    ...noAccount,
    store: status === 0 ? JSON.parse(stdout) : null,
    rejects: rejectsOf(store),
  };
  if (!isVerified) return account;
  const ended = await runChild({ command: process.execPath, args: [bin, "verify", store] });
  const last = `${ended.out}\n${ended.error}`.trim().split("\n").at(-1);
  return { ...account, verify: { code: ended.code, signal: ended.signal, seconds: ended.wallSeconds, last } };
}

/** The codes of what was set aside and the first reason; null when nothing was. */
function rejectsOf(store) {
  const path = `${store}.rejects.jsonl`;
  if (!existsSync(path)) return null;
  const all = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { codes: [...new Set(all.map(({ code }) => code))], first: `${all[0].code}: ${all[0].reason}` };
}

function feederOf({ stalls, path }, form) {
  if (stalls === undefined) return undefined;
  const { times, secondsMax } = stalls[form];
  const script = join(root, "bench", "children", "stalling-feeder.js");
  return { command: process.execPath, args: [script, path, String(times), String(secondsMax), "1"] };
}

export function lineText(bytes) {
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}GiB` : `${Math.round(bytes / 2 ** 20)}MiB`;
}
