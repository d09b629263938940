import { type ChildProcessByStdio, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { childMessageBytesMax, isPlimsollError, PlimsollError } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { damaged } from "./damage.js";
import { ReadableBytes } from "./stdin-bytes.js";

const found = new Map<string, boolean>();

/** Whether a command is on the path. */
export function hasCommand(command: string): boolean {
  const known = found.get(command);
  if (known !== undefined) return known;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const isFound = folders.some((folder) => isExecutable(join(folder, command)));
  found.set(command, isFound);
  return isFound;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How a child ended: by itself with a code, by a signal, or not at all since it never ran. */
interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A stored stream piped through a command of the system; the pipes hold what is on the way. */
export class ChildBytes implements ByteStream {
  readonly #stored: ByteStream;
  readonly #name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #output: ReadableBytes;
  readonly #command: string;
  readonly #exit: Promise<ChildEnd>;
  #message = "";
  #delivered = 0;
  #failure: unknown = null;
  #closing: Promise<void> | null = null;

  constructor(stored: ByteStream, name: string, command: string, args: readonly string[]) {
    this.#stored = stored;
    this.#name = name;
    this.#command = command;
    this.#child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    this.#output = new ReadableBytes(this.#child.stdout, name);
    this.#exit = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => resolve({ code, signal }));
      this.#child.on("error", (error) => {
        this.#failure ??= error;
        resolve({ code: null, signal: null });
      });
    });
    this.#child.stderr.on("data", (text: Buffer) => {
      this.#message = (this.#message + text.toString()).slice(-childMessageBytesMax);
    });
    // A child that stops early breaks the pipe; its exit code tells why.
    this.#child.stdin.on("error", () => undefined);
    void this.#pump();
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    const chunk = await this.#output.next();
    if (chunk !== null) {
      this.#delivered += chunk.length;
      return chunk;
    }
    if (this.#closing !== null) return null;
    const { code, signal } = await this.#exit;
    if (isPlimsollError(this.#failure)) throw this.#failure;
    if (code === 0 || this.#closing !== null) return null;
    if (code === null) throw this.#lost(signal);
    throw damaged(this.#name, this.#delivered, this.#reason(), this.#failure);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#child.kill("SIGKILL");
      await this.#output.close();
      await this.#exit;
      await this.#stored.close();
    })();
    return this.#closing;
  }

  async #pump(): Promise<void> {
    const { stdin } = this.#child;
    try {
      for (let chunk = await this.#stored.next(); chunk !== null; chunk = await this.#stored.next()) {
        const bytes = chunk;
        const error = await new Promise<unknown>((resolve) => stdin.write(bytes, resolve));
        if (error || stdin.destroyed) return;
      }
      stdin.end();
    } catch (error) {
      this.#failure ??= error;
      stdin.destroy();
    }
  }

  /** It did not end by itself, so nothing is said about the source. */
  #lost(signal: NodeJS.Signals | null): PlimsollError {
    const cause = this.#failure instanceof Error ? this.#failure : undefined;
    const ended = signal === null ? (cause?.message ?? "it never ran") : `it was ended by ${signal}`;
    const reason = signal === "SIGKILL" ? `${ended}, as the kernel does when memory runs out` : ended;
    const details = { source: this.#name, command: this.#command, reason };
    return new PlimsollError("DECOMPRESSOR_LOST", details, { cause, place: { source: this.#name } });
  }

  #reason(): string {
    const lines = this.#message.split("\n").map((line) => line.trim());
    return lines.find((line) => line !== "") ?? "the decompressor failed";
  }
}
