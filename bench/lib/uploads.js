// Uploads to a real server by a client in a process of its own, and what the server took.
import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { makeCgroup } from "./cgroup.js";
import { cgroupFacts, figuresOf, outcomeOf, runChild } from "./measure.js";
import { dropFromCache, folderBytes } from "./project.js";
import { withServer } from "./serving.js";

const shownAddress = "http://127.0.0.1:8080";

/**
 * One import by `POST /api/import`, as one entry of a result file: the server is new and watched alone, inside
 * a cgroup of its own where that is asked for, and the time is that of the client. `upload` names the way
 * ("raw" or "multipart"), the query of the address, and the client's speed in bytes a second where it has one.
 */
export async function measureUpload(spec) {
  const { title, input, memory, lineBytes, isInCgroup, upload } = spec;
  if (spawnSync("curl", ["--version"], { stdio: "ignore" }).status !== 0) {
    return { title, skipped: "curl is not here" };
  }
  let cgroup = null;
  if (isInCgroup) {
    const made = makeCgroup(lineBytes);
    if (made.cgroup === null) return { title, skipped: `no memory cgroup can be made here (${made.reason})` };
    cgroup = made.cgroup;
  }
  try {
    const { found, ended } = await withServer({ memory, cgroup }, async ({ address, store, server }) => {
      const isInputCold = dropFromCache(input.path);
      const client = await runChild({ command: "curl", args: curlArgs(upload, input.path, address) });
      const leadSeconds = (performance.now() - server.startedMs) / 1000;
      return {
        isInputCold,
        client,
        leadSeconds,
        report: reportIn(client.out),
        storeBytes: folderBytes(store),
      };
    });
    const { isInputCold, client, leadSeconds, report, storeBytes } = found;
    const words = curlArgs(upload, basename(input.path), shownAddress).filter((word) => word !== "-sS");
    return {
      title,
      command: `plimsoll serve ./store --memory ${memory}\ncurl ${words.map(quoted).join(" ")}`,
      ...checked(outcomeOf(failedFirst(client, ended), report, cgroup), report, input),
      lineBytes,
      cgroup: cgroupFacts(cgroup, ended.sampler),
      isInputCold,
      leadSeconds: Number((leadSeconds - (report?.seconds ?? 0)).toFixed(3)),
      ...figuresOf({ ...ended, wallSeconds: client.wallSeconds }, report, input, storeBytes),
    };
  } finally {
    await cgroup?.remove();
  }
}

/** Sends a file of events as it is, and gives the report of its import. */
export async function uploadTo(address, path) {
  const client = await runChild({
    command: "curl",
    args: curlArgs({ way: "raw", query: "preset=nostr" }, path, address),
  });
  return reportIn(client.out);
}

function curlArgs({ way, query, bytesPerSecond }, path, address) {
  const body = way === "multipart" ? ["-F", `file=@${path}`] : ["-X", "POST", "-T", path];
  const speed = bytesPerSecond === undefined ? [] : ["--limit-rate", String(bytesPerSecond)];
  return ["-sS", ...body, ...speed, "-H", "Accept: application/json", `${address}/api/import?${query}`];
}

function quoted(word) {
  return /[\s&?*]/.test(word) ? `'${word}'` : word;
}

/** A failed answer is JSON as well, with the error and what was reached of the report. */
function reportIn(text) {
  try {
    const answer = JSON.parse(text);
    return answer.report === undefined ? answer : answer.report;
  } catch {
    return null;
  }
}

/** The server's end explains a failure of the client better than the client's own. */
function failedFirst(client, server) {
  return server.code === 0 ? { ...client, error: client.error || client.out.slice(0, 500) } : server;
}

/** What the report counts has to be what was sent. */
function checked(outcome, report, input) {
  if (outcome.state !== "complete") return outcome;
  const { read, ...fates } = report.records;
  const sum = Object.values(fates).reduce((total, count) => total + count, 0);
  if (read === input.records && sum === read) return outcome;
  return { ...outcome, state: "failed", error: `${input.records} sent, ${read} read, ${sum} accounted for` };
}
