import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../bin/plimsoll.js", import.meta.url));
const generator = fileURLToPath(new URL("../../../scripts/gen.js", import.meta.url));

/** A folder with a store in it and the real server over it, which can be stopped and started again. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), "plimsoll-page-"));
  readonly port: number;
  readonly #options: string[];
  #process: ChildProcess | null = null;
  #said = "";

  private constructor(port: number, options: string[]) {
    this.port = port;
    this.#options = options;
  }

  static async open(...options: string[]): Promise<Site> {
    const site = new Site(await freePort(), options);
    await site.start();
    return site;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  async start(): Promise<void> {
    const args = [program, "serve", this.file("store"), "--port", String(this.port), "--memory", "256MiB"];
    const child = spawn(process.execPath, [...args, ...this.#options], { cwd: this.folder });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        this.#said = `${this.#said}${chunk}`.slice(-4096);
      });
    }
    for (let attempt = 0; attempt < 300; attempt++) {
      if (child.exitCode !== null) break;
      const answer = await fetch(`${this.address}healthz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`the server did not start: ${this.#said}`);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Nostr events with true ids. */
export function writeEvents(path: string, count: number, seed = 1): void {
  const args = ["nostr", "--count", String(count), "--seed", String(seed), "--out", path];
  execFileSync(process.execPath, [generator, ...args]);
}

export function runPlimsoll(...args: string[]): string {
  return execFileSync(process.execPath, [program, ...args], { encoding: "utf8", stdio: "pipe" });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
