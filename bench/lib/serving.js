// A real server on a store of its own, for as long as something is measured by it.
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "./measure.js";
import { bin, cacheFolder } from "./project.js";

const startSecondsMax = 20;

/**
 * Does the work with the address of a new server, on what `prepare` makes of its store, and adds what the server took;
 * the store goes afterwards.
 */
export async function withServer({ memory, cgroup = null, prepare = async () => {} }, work) {
  const store = join(cacheFolder(), `store-${process.pid}`);
  const forget = () => {
    for (const path of [store, `${store}.rejects.jsonl`]) rmSync(path, { recursive: true, force: true });
  };
  forget();
  await prepare(store);
  const args = [bin, "serve", store, "--memory", memory, "--port", "0"];
  const server = startChild({ command: process.execPath, args, cgroup });
  try {
    const found = await work({ address: await addressOf(server), store, server });
    server.child.kill("SIGTERM");
    const ended = await server.ended;
    return { found, ended };
  } finally {
    server.child.kill("SIGKILL");
    await server.ended;
    forget();
  }
}

/** The server prints its address when it listens. */
async function addressOf({ child, told, ended }) {
  const until = performance.now() + startSecondsMax * 1000;
  while (performance.now() < until && child.exitCode === null) {
    const address = /listening on (\S+)/.exec(told.out)?.[1];
    if (address !== undefined) return address;
    await Promise.race([once(child.stdout, "data"), ended, sleep(100)]);
  }
  throw new Error(`The server did not start: ${told.error.trim()}`);
}
