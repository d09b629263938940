// Other programs on the same input: one run of each as an entry of a result file.
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "./measure.js";
import { cacheFolder, folderBytes } from "./project.js";

/** `peer.make(input, folder)` says what to start: { command, args, stdinPath, setup }. */
export async function measurePeer(peer, input, lineBytes = null) {
  process.stderr.write(`${peer.title} ...\n`);
  const folder = join(cacheFolder(), `peer-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  const { command, args, stdinPath, setup } = peer.make(input, folder);
  setup?.();
  const stdin = stdinPath === undefined ? "ignore" : openSync(stdinPath, "r");
  const { code, signal, wallSeconds, sampler, error } = await runChild({ command, args, input, stdin });
  if (stdinPath !== undefined) closeSync(stdin);
  const storeBytes = folderBytes(folder);
  rmSync(folder, { recursive: true, force: true });
  return {
    title: peer.title,
    state: code === 0 ? "complete" : "failed",
    ...(code === 0 ? {} : { error: `${signal ?? `exit code ${code}`}: ${error.trim().slice(-200)}` }),
    lineBytes,
    cgroup: null,
    records: input.records,
    wallSeconds: Number(wallSeconds.toFixed(3)),
    recordsPerSecond: Math.round(input.records / wallSeconds),
    phases: [],
    vmHwmBytes: sampler.highWaterBytes,
    storeRatio: storeBytes === 0 ? null : Number((storeBytes / input.bytes).toFixed(3)),
    spilledBytes: null,
    firstTenthRate: null,
    lastTenthRate: null,
  };
}

/** Says which of the peers are not here, and leaves them out. */
export function presentPeers(peers) {
  return peers.filter(({ title, skipped }) => {
    if (skipped !== undefined) process.stderr.write(`${title}: skipped, ${skipped}\n`);
    return skipped === undefined;
  });
}
