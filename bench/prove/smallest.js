// A line too small is refused within a second with the smallest that would do, and that one does. The short form, which is
// run beside whatever else a machine does, tells the seconds and judges all but them.
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../lib/measure.js";
import { bin, cacheFolder } from "../lib/project.js";
import { parseSize, sizeText } from "../lib/sizes.js";
import { madeInput } from "./inputs.js";
import { proveImport } from "./prove-import.js";
import { PartResults } from "./results.js";
import { told } from "./told.js";

/** The usual example of a line that is too small, then smaller ones in case it has become enough. */
const tooSmall = ["64MiB", "48MiB", "32MiB", "16MiB"];
const refusalSecondsMax = 1;
const attemptsMax = 3;

export async function proveSmallest({ inputs, form, scale, isVerified, isKept }) {
  const results = new PartResults("smallest", { isKept });
  let isGood = true;
  for (const one of inputs) {
    const input = await madeInput(one, form, scale);
    const { memory, seconds, smallestBytes, faults } = await refusalOf(input, form);
    if (smallestBytes === null) {
      const title = `${input.title}, refusal`;
      process.stdout.write(`FAIL  ${title}: ${faults.join("; ")}\n`);
      results.add(
        input.name,
        { input: input.name, title, refusedAt: memory, refusalSeconds: seconds, faults },
        title,
      );
      isGood = false;
      continue;
    }
    const found = await proveImport(input, {
      lineBytes: smallestBytes,
      form,
      isVerified,
      isLargeAllowed: true,
    });
    const title = `${input.title}, at the smallest line (${sizeText(smallestBytes)}; ${memory} refused in ${seconds.toFixed(2)} s)`;
    const run = {
      ...found,
      input: input.name,
      title,
      lineBytes: smallestBytes,
      refusedAt: memory,
      refusalSeconds: seconds,
      ...(found.faults === undefined ? {} : { faults: [...faults, ...found.faults] }),
    };
    results.add(input.name, run, title);
    isGood = told(run) && isGood;
  }
  return isGood;
}

/** The first line that is refused, how long that took with the start of Node.js, and the line that it names. */
async function refusalOf(input, form) {
  for (const memory of tooSmall) {
    let ended = await tried(input, memory);
    if (ended.code === 0) continue;
    // What else the machine does is not ours: the fastest of a few counts.
    for (let more = 1; more < attemptsMax && ended.wallSeconds > refusalSecondsMax; more++) {
      const again = await tried(input, memory);
      if (again.wallSeconds < ended.wallSeconds) ended = again;
    }
    const seconds = ended.wallSeconds;
    const smallestBytes = smallestIn(ended.error);
    if (smallestBytes === null)
      return { memory, seconds, smallestBytes, faults: [`no smallest line in: ${ended.error.trim()}`] };
    const isLate = form === "full" && seconds > refusalSecondsMax;
    const faults = isLate ? [`${memory} was refused after ${seconds.toFixed(2)} s`] : [];
    return { memory, seconds, smallestBytes, faults };
  }
  return { memory: tooSmall.at(-1), seconds: null, smallestBytes: null, faults: ["no line was refused"] };
}

async function tried(input, memory) {
  const store = join(cacheFolder(), `prove-refused-${process.pid}`);
  const isPiped = input.stalls !== undefined;
  const words = ["import", isPiped ? "-" : input.path, "--into", store, "--memory", memory, ...input.flags];
  const stdin = isPiped ? openSync(input.path, "r") : "ignore";
  try {
    // A line that turns out to be enough shall not read everything.
    const args = [bin, ...words, "--limit", "1", "--progress", "none"];
    return await runChild({ command: process.execPath, args, stdin });
  } finally {
    if (isPiped) closeSync(stdin);
    rmSync(store, { recursive: true, force: true });
  }
}

/** The line that the message of a refusal tells to give. */
export function smallestIn(message) {
  const size = /--memory (\d+(?:\.\d+)?[KMG]iB)/.exec(message)?.[1];
  return size === undefined ? null : parseSize(size);
}
