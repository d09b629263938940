// The words of the command line of the proof.
import { parseSize } from "../lib/sizes.js";
import { inputs } from "./inputs.js";
import { isTry } from "./results.js";

export const help = `Usage: npm run prove:line -- [--short] [--long] [--rates] [--smallest] [--input A,B] [--line 96MiB,...]

Imports run as the real command line inside a memory cgroup of exactly the line's size. Each must complete with no OOM
kill and a peak (VmHWM, all processes) at or under the line; then the counts and "plimsoll verify" must be right.

Without a part being named: all inputs at all lines, rate against line, and the smallest line.
  --short          few records, lines of 96 and 256 MiB, no rates; nothing is written to docs
  --input A,B      only these inputs at all lines: ${inputs.map(({ name }) => name).join(", ")}
  --line A,B       only these lines (default 96MiB,128MiB,256MiB,512MiB,1GiB)
  --rates          rate against line, 96 MiB to 2 GiB
  --smallest       a line too small is refused within a second, and the smallest that it names is enough
  --long           ten million small records at 128 MiB: memory is flat
  --scale N        N times as many records as usual; nothing is written to docs
  --no-verify      leave "plimsoll verify" out
  --page           write docs/line.md from the results that are there, and measure nothing

Inputs are made once (some 4 GB), in PLIMSOLL_BENCH_DIR (default: plimsoll-bench in the folder for temporary files).
All pictures go to tmp/line; figures to bench/results/line and, with some of the pictures, to docs/line.md. A try that
is not to be kept has everything in the folder that PLIMSOLL_BENCH_RESULTS names.
`;

export class UsageError extends Error {}

const flagNames = ["short", "long", "rates", "smallest", "no-verify", "page"];
const lineTexts = { full: "96MiB,128MiB,256MiB,512MiB,1GiB", short: "96MiB,256MiB" };

export function parseOptions(args) {
  const flags = new Set();
  const values = {};
  for (let at = 0; at < args.length; at++) {
    const name = args[at].replace(/^--/, "");
    if (flagNames.includes(name)) flags.add(name);
    else if (["input", "line", "scale"].includes(name)) values[name] = args[++at] ?? "";
    else throw new UsageError(`"${args[at]}" is no option.`);
  }
  const form = flags.has("short") ? "short" : "full";
  const chosen = ["long", "rates", "smallest"].filter((part) => flags.has(part));
  const isMatrix = chosen.length === 0 || values.input !== undefined || values.line !== undefined;
  const byDefault = form === "short" ? ["smallest"] : ["rates", "smallest"];
  const scale = scaleOf(values.scale ?? "1");
  const isWhole = chosen.length === 0 && values.input === undefined && values.line === undefined;
  return {
    form,
    scale,
    inputs: inputsOf(values.input),
    lines: (values.line ?? lineTexts[form]).split(",").map(lineOf),
    parts: flags.has("page") ? [] : [...(isMatrix ? ["matrix"] : []), ...(isWhole ? byDefault : chosen)],
    isVerified: !flags.has("no-verify"),
    isKept: isTry || (form === "full" && scale === 1),
  };
}

function inputsOf(text) {
  if (text === undefined) return inputs;
  return text.split(",").map((name) => {
    const input = inputs.find((one) => one.name === name);
    if (input === undefined) throw new UsageError(`"${name}" is no input.`);
    return input;
  });
}

function lineOf(text) {
  try {
    return parseSize(text);
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function scaleOf(text) {
  const scale = Number(text);
  if (!(scale > 0)) throw new UsageError("--scale takes a number above 0.");
  return scale;
}
