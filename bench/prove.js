#!/usr/bin/env node
// Proves the memory line in real memory cgroups: `npm run prove:line`. See `npm run prove:line -- --help`.
import { makeCgroup } from "./lib/cgroup.js";
import { proveLong } from "./prove/long.js";
import { proveMatrix } from "./prove/matrix.js";
import { help, parseOptions, UsageError } from "./prove/options.js";
import { writePage } from "./prove/page.js";
import { proveRates } from "./prove/rates.js";
import { picturesFolder } from "./prove/results.js";
import { proveSmallest } from "./prove/smallest.js";

const parts = { matrix: proveMatrix, rates: proveRates, smallest: proveSmallest, long: proveLong };

/** Why nothing can be proven here, or null. */
async function obstacle() {
  const { cgroup, reason } = makeCgroup(2 ** 30);
  await cgroup?.remove();
  return cgroup === null ? reason : null;
}

async function prove(options) {
  const startedMs = performance.now();
  let isGood = true;
  for (const part of options.parts) {
    process.stdout.write(`\n== ${part}\n`);
    const fromMs = performance.now();
    isGood = (await parts[part](options)) && isGood;
    process.stdout.write(`== ${part}: ${Math.round((performance.now() - fromMs) / 1000)} s\n`);
  }
  process.stdout.write(`\n${isGood ? "The line holds" : "NOT PROVEN"}: `);
  process.stdout.write(
    `${Math.round((performance.now() - startedMs) / 1000)} s, pictures in ${picturesFolder}\n`,
  );
  return isGood;
}

async function main(args) {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help);
    return true;
  }
  const options = parseOptions(args);
  const reason = options.parts.length === 0 ? null : await obstacle();
  if (reason !== null) {
    process.stdout.write(`skipped: no memory cgroup can be made here (${reason})\n`);
    return true;
  }
  const isGood = options.parts.length === 0 || (await prove(options));
  return (options.isKept ? writePage() : true) && isGood;
}

// A slow disk is taken down when the process exits: an interruption has to be an exit.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${help}`);
  process.exitCode = 2;
}
