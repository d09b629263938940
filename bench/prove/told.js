// One line for the terminal about one run.
import { countText, secondsText, sizeText } from "../lib/sizes.js";

/** Prints it; true when there is no fault. */
export function told(run) {
  if (run.skipped !== undefined) {
    process.stdout.write(`skip  ${run.title}: ${run.skipped}\n`);
    return true;
  }
  const isGood = run.faults.length === 0;
  const figures = [
    `${countText(run.recordsPerSecond)}/s`,
    secondsText(run.wallSeconds),
    `peak ${(run.vmHwmBytes / 2 ** 20).toFixed(1)} MiB`,
    `cgroup ${sizeText(run.cgroup?.usageBytesMax)}`,
    `spilled ${sizeText(run.spilledBytes)}`,
    ...(run.verify ? [`verify ${secondsText(run.verify.seconds)}`] : []),
  ];
  const faults = isGood ? "" : `\n      ${run.faults.join("\n      ")}`;
  process.stdout.write(`${isGood ? "ok  " : "FAIL"}  ${run.title}: ${figures.join(", ")}${faults}\n`);
  return isGood;
}
