#!/usr/bin/env node
// A PostgreSQL server to be thrown away: `node scripts/postgres.js` makes one in a temporary folder, prints
// its URL as a line of JSON and removes everything when its input ends, however that comes about. Tests,
// benches and whoever wants to try something use it. Two words on its input, each answered by such a line,
// take it down as a crash would and start it again: `crash`, `start`.
import { execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const startAttemptsMax = 5;
const user = "plimsoll";
const nobody = 65534;

/** The folder of the server's programs, which no PATH holds on Debian; null when there is none. */
export function postgresPrograms() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...process.env.PATH.split(":"),
  ];
  const found = folders.find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
  );
  return found ?? null;
}

/** PostgreSQL refuses to run as root, so that then somebody without rights runs it. */
function owner() {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag) => {
    try {
      return Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
    } catch {
      return nobody;
    }
  };
  return { uid: idOf("-u"), gid: idOf("-g") };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

class Server {
  #folder = mkdtempSync(join(tmpdir(), "plimsoll-postgres-"));
  #password = randomBytes(9).toString("base64url");
  #owner = owner();
  #programs;
  #port = null;
  #child = null;

  constructor(programs) {
    this.#programs = programs;
  }

  get url() {
    return `postgres://${user}:${this.#password}@127.0.0.1:${this.#port}/postgres`;
  }

  async make() {
    const passwordFile = join(this.#folder, "password");
    writeFileSync(passwordFile, this.#password);
    if (this.#owner.uid !== undefined) {
      for (const path of [this.#folder, passwordFile]) chownSync(path, this.#owner.uid, this.#owner.gid);
    }
    const form = ["--encoding=UTF8", "--locale=C.UTF-8", "--lc-messages=C"];
    const access = ["--auth=scram-sha-256", `--username=${user}`, `--pwfile=${passwordFile}`];
    const words = [`--pgdata=${this.#data}`, "--no-sync", ...form, ...access];
    await promisify(execFile)(join(this.#programs, "initdb"), words, { ...this.#owner, cwd: this.#folder });
  }

  async start() {
    for (let attempt = 1; ; attempt++) {
      this.#port ??= await freePort();
      const reason = await this.#tryStart();
      if (reason === null) return;
      if (attempt === startAttemptsMax) throw new Error(`PostgreSQL does not start: ${reason}`);
      // Somebody else took the port meanwhile; or, after a crash, its last children still hold the memory.
      if (reason.includes("could not bind")) this.#port = null;
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Takes it down at once, as if the machine had lost its power. */
  async crash() {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGQUIT");
    await exited;
  }

  async remove() {
    await this.crash();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #data() {
    return join(this.#folder, "data");
  }

  /** Null when it takes connections, otherwise what it said. */
  async #tryStart() {
    const settings = {
      listen_addresses: "127.0.0.1",
      port: this.#port,
      unix_socket_directories: this.#folder,
      max_connections: 40,
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(join(this.#programs, "postgres"), ["-D", this.#data, ...words], {
      ...this.#owner,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    let said = "";
    const isReady = await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", () => resolve(false));
      child.stderr.setEncoding("utf8").on("data", (piece) => {
        // What it says later is read, so that it never waits for its reader, and let go.
        if (said.length < 10_000) said += piece;
        if (said.includes("ready to accept connections")) resolve(true);
      });
    });
    return isReady ? null : said;
  }
}

async function main() {
  const programs = postgresPrograms();
  if (programs === null) {
    process.stderr.write("There is no PostgreSQL server here. Install it: apt-get install postgresql\n");
    process.exitCode = 1;
    return;
  }
  const server = new Server(programs);
  const say = () => process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
  // The end of the input is what stops it; a signal ends the input.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.stdin.destroy());
  process.stdout.on("error", () => process.stdin.destroy());
  try {
    const words = createInterface({ input: process.stdin });
    const closed = once(process.stdin, "close");
    await server.make();
    await server.start();
    say();
    words.on("line", async (word) => {
      try {
        if (word === "crash") await server.crash();
        if (word === "start") await server.start();
        say();
      } catch (error) {
        process.stderr.write(`${error.message}\n`);
        process.stdin.destroy();
      }
    });
    await closed;
  } finally {
    await server.remove();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
