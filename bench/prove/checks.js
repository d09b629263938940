// What one run of the proof has to show. Each fault is told with its numbers; no fault, no words.
import { countText, sizeText } from "../lib/sizes.js";

/**
 * `run` is what was measured, `store` what `plimsoll stats` says, `verify` how `plimsoll verify` ended (null: not asked),
 * `rejects` the codes of what was set aside and the first reason. With `isLargeAllowed` records that are too large for
 * the line may be set aside: no line is told how large records will be before it has seen them.
 */
export function faultsOf(run, { count, expect }, { store, verify, rejects }, isLargeAllowed = false) {
  const faults = [];
  if (run.isOomKilled) faults.push(`killed by the kernel: ${run.cgroup.oomKills} OOM kills`);
  if (run.state !== "complete") return [...faults, run.error];
  if (run.vmHwmBytes > run.lineBytes)
    faults.push(`peak memory ${mebibytes(run.vmHwmBytes)} is above the line of ${sizeText(run.lineBytes)}`);
  return [
    ...faults,
    ...countFaults(run.outcomes, count, expect, store, rejects, isLargeAllowed),
    ...verifyFaults(verify),
  ];
}

function countFaults(outcomes, count, expect, store, rejects, isLargeAllowed) {
  const faults = [];
  const differs = (what, found, wanted, why = "") => {
    if (found !== wanted)
      faults.push(`${what}: ${countText(found) || "none"}, not ${countText(wanted)}${why}`);
  };
  const { read, ...fates } = outcomes;
  differs("records read", read, count);
  differs(
    "fates of records",
    Object.values(fates).reduce((sum, fate) => sum + fate, 0),
    read,
  );
  const isOnlyLarge = rejects?.codes.every((code) => code === "RECORD_TOO_LARGE") === true;
  const allowed = isLargeAllowed && isOnlyLarge ? fates.rejected : 0;
  differs("rejected", fates.rejected, allowed, ` (${rejects?.first})`);
  if (expect === null) return faults;
  differs("records in the store", store?.records, expect.stored - allowed);
  const indexes = store?.entities.flatMap((entity) => entity.indexes) ?? [];
  for (const [field, wanted] of Object.entries(expect.postings)) {
    const index = indexes.find((one) => one.field === field);
    differs(`entries of the index on ${field}`, index?.postings, wanted - allowed);
  }
  return faults;
}

function verifyFaults(verify) {
  if (verify === null || verify.code === 0) return [];
  return [`verify ended with ${verify.code ?? verify.signal}: ${verify.last}`];
}

/** To a tenth: 96.1 MiB is above 96. */
function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
