#!/usr/bin/env node
// An S3-compatible server to be thrown away: Ceph's radosgw over one monitor and one object store in memory. Prints its
// address and keys as a line of JSON when it answers, and removes everything when its input ends, however that comes
// about. Needs the programs of Debian's ceph-mon, ceph-osd, radosgw and ceph-common.
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const programs = ["ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"];
const keys = { accessKeyId: "AKTEST", secretAccessKey: "SKTEST" };
const startMs = 120_000;

/** Why no such server can be started here; null when one can. */
export function radosgwMissing() {
  const folders = (process.env.PATH ?? "").split(":");
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  return missing.length === 0
    ? null
    : `${missing.join(", ")} not found (apt-get install ceph-mon ceph-osd radosgw ceph-common)`;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function configuration(folder, fsid, monitorPort, gatewayPort) {
  return `[global]
fsid = ${fsid}
mon host = v2:127.0.0.1:${monitorPort}/0
mon initial members = a
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
mon data avail crit = 0
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
log file = ${folder}/$name.log
osd objectstore = memstore
memstore device bytes = 1073741824
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw data = ${folder}/rgw
`;
}

class Server {
  #folder = mkdtempSync(join(tmpdir(), "plimsoll-radosgw-"));
  #children = [];
  #configuration = join(this.#folder, "ceph.conf");
  #keyring = join(this.#folder, "keyring");

  async start() {
    const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
    const fsid = randomUUID();
    for (const name of ["run", "mon", "osd", "rgw"]) mkdirSync(join(this.#folder, name));
    writeFileSync(this.#configuration, configuration(this.#folder, fsid, monitorPort, gatewayPort));
    await this.#makeKeys();
    const map = join(this.#folder, "monmap");
    await run("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${monitorPort}]`, map]);
    await this.#run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", this.#keyring);
    this.#spawn("ceph-mon", "-f", "-i", "a");
    const osd = randomUUID();
    await this.#untilDone("ceph", "osd", "new", osd);
    await this.#run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
    this.#spawn("ceph-osd", "-f", "-i", "0");
    this.#spawn("radosgw", "-f", "-n", "client.rgw", "--keyring", this.#keyring);
    const names = ["--uid=test", "--display-name=test"];
    const access = [`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`];
    await this.#untilDone("radosgw-admin", "-n", "client.rgw", "user", "create", ...names, ...access);
    const endpoint = `http://127.0.0.1:${gatewayPort}`;
    await untilAnswers(endpoint);
    return { endpoint, credentials: keys };
  }

  async remove() {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #makeKeys() {
    const permissions = {
      "mon.": ["mon", "allow *"],
      "client.admin": ["mon", "allow *", "osd", "allow *", "mgr", "allow *"],
      "osd.0": ["mon", "allow profile osd", "osd", "allow *"],
      "client.rgw": ["mon", "allow *", "osd", "allow *", "mgr", "allow *"],
    };
    await run("ceph-authtool", ["--create-keyring", this.#keyring]);
    for (const [name, words] of Object.entries(permissions)) {
      const caps = words.flatMap((word, at) => (at % 2 === 0 ? ["--cap", word, words[at + 1]] : []));
      await run("ceph-authtool", [this.#keyring, "--gen-key", "-n", name, ...caps]);
    }
    // The monitor learns all of them when it is made.
  }

  #run(program, ...words) {
    return run(program, [...words, "-c", this.#configuration], { timeout: 30_000 });
  }

  /** Servers are asked until they are up. */
  async #untilDone(program, ...words) {
    const endMs = Date.now() + startMs;
    for (;;) {
      try {
        return await this.#run(program, ...words);
      } catch (error) {
        if (Date.now() > endMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  #spawn(program, ...words) {
    const child = spawn(program, [...words, "-c", this.#configuration], { stdio: "ignore" });
    this.#children.push(child);
    child.on("error", () => {});
  }
}

async function untilAnswers(endpoint) {
  const endMs = Date.now() + startMs;
  for (;;) {
    try {
      await fetch(endpoint);
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function main() {
  const server = new Server();
  const closed = once(process.stdin.resume(), "close");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.stdin.destroy());
  process.stdout.on("error", () => process.stdin.destroy());
  try {
    const started = server.start().then((found) => process.stdout.write(`${JSON.stringify(found)}\n`));
    await Promise.race([started, closed]);
    await closed;
  } finally {
    await server.remove();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
