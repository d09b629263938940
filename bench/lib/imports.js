// Imports one after another, each as often as was asked for.
import { measureImport } from "./measure.js";
import { median } from "./sizes.js";
import { measureUpload } from "./uploads.js";

/** A spec that says how it is uploaded goes to a server, the others to the command line. The run whose wall time is the median stands for all; its peak is the highest of all. */
export async function measureImports(specs, runsEach) {
  const measureOf = (spec) => (spec.upload === undefined ? measureImport : measureUpload);
  const results = [];
  for (const spec of specs) {
    const runs = [];
    for (let number = 1; number <= runsEach; number++) {
      const which = runsEach === 1 ? "" : ` (${number} of ${runsEach})`;
      process.stderr.write(`${spec.title}${which} ...\n`);
      runs.push(await measureOf(spec)(spec));
    }
    results.push(together(runs));
  }
  return results;
}

function together(runs) {
  const bad = runs.find((run) => run.skipped !== undefined || run.state === "failed");
  if (bad !== undefined || runs.length === 1) return bad ?? runs[0];
  const walls = runs.map((run) => run.wallSeconds);
  const chosen = runs.find((run) => run.wallSeconds === median(walls));
  const highest = (pick) => Math.max(...runs.map(pick));
  return {
    ...chosen,
    wallSecondsOfRuns: walls,
    vmHwmBytes: highest((run) => run.vmHwmBytes),
    cgroup: chosen.cgroup && { ...chosen.cgroup, usageBytesMax: highest((run) => run.cgroup.usageBytesMax) },
  };
}

/** Each line once without a kernel limit and once inside a cgroup of its size. */
export function withAndWithoutCgroup(spec) {
  return [
    { ...spec, isInCgroup: false },
    { ...spec, title: `${spec.title}, inside a cgroup of ${spec.memory}`, isInCgroup: true },
  ];
}
