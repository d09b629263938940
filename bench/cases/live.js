// Events written one by one, or a few at a time, by many connections to a running server: how many records a
// second are acknowledged, from the first to the last, how long a client waits, what the process takes.
// node bench/cases/live.js [--seconds 20] [--connections 64] [--records 1] [--memory 256MiB] [--profile DIR]
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    connections: { type: "string", default: "64" },
    records: { type: "string", default: "1" },
    memory: { type: "string", default: "256MiB" },
    profile: { type: "string" },
  },
});
const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const clockTicks = 100;

/** Seconds of a processor that a process has used. */
function cpuSeconds(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / clockTicks;
}

const folder = mkdtempSync(join(tmpdir(), "plimsoll-live-"));
const profiling = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
const program = [...profiling, pathOf("../../bin/plimsoll.js"), "serve", join(folder, "store")];
const server = spawn(process.execPath, [...program, "--port", "0", "--memory", values.memory], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const address = await new Promise((resolve) => {
    server.stdout.on("data", (chunk) => resolve(/listening on (\S+)/.exec(String(chunk))[1]));
  });
  const client = [
    pathOf("../lib/live-client.js"),
    address,
    values.seconds,
    values.connections,
    values.records,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, client);
  const told = JSON.parse(stdout);
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const peakMiB = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024);
  const serverMicros = Math.round((cpuSeconds(server.pid) / told.acknowledged) * 1e6);
  const { connections, records, memory } = values;
  const metrics = await (await fetch(`${address}/metrics`)).text();
  const total = (name) => Number(new RegExp(`^plimsoll_live_${name}_total (\\d+)`, "m").exec(metrics)[1]);
  const [commits, folds, merges] = ["commits", "folds", "merges"].map(total);
  console.log(
    JSON.stringify({
      connections,
      records,
      ...told,
      commits,
      folds,
      merges,
      serverMicros,
      peakMiB,
      line: memory,
    }),
  );
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}
