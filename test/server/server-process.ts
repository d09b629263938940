import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import type { ImportReport } from "../../src/pipeline/index.js";
import type { ServerLimits } from "../../src/server/server-limits.js";
import { type Folder, projectFile, type Running, startPlimsoll } from "../support/cli.js";

export interface ServerProcess {
  url: string;
  running: Running;
  /** The highest resident memory of the process so far. */
  peakBytes(): number;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** As a power cut does. */
  kill(): Promise<void>;
  call(path: string, options?: RequestInit): Promise<Response>;
  json<T = Record<string, unknown>>(path: string, options?: RequestInit): Promise<T>;
}

const started = new Set<ServerProcess>();

/** Starts the real program, on a free port unless told, and waits for the address that it prints. */
export function startServer(folder: Folder, args: readonly string[]): Promise<ServerProcess> {
  return whenListening(startPlimsoll(["serve", "--port", "0", ...args], { cwd: folder.path }));
}

/** The same server with bounds that a test can wait for. */
export function startLimited(
  folder: Folder,
  store: string,
  limits: Partial<ServerLimits>,
): Promise<ServerProcess> {
  const program = [projectFile("test/server/limited-server.js")];
  return whenListening(startPlimsoll([store, JSON.stringify(limits)], { cwd: folder.path, program }));
}

async function whenListening(running: Running): Promise<ServerProcess> {
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    running.child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const address = /listening on (\S+)/.exec(text)?.[1];
      if (address !== undefined) resolve(address);
    });
    void running.ended.then(({ error }) => reject(new Error(error)));
  });
  const end = async (signal: NodeJS.Signals) => {
    started.delete(server);
    running.child.kill(signal);
    await running.ended;
  };
  const call = (path: string, options?: RequestInit) => fetch(`${url}${path}`, options);
  const server: ServerProcess = {
    url,
    running,
    peakBytes: () => {
      const status = readFileSync(`/proc/${running.child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024;
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    call,
    json: async (path, options) => (await (await call(path, options)).json()) as never,
  };
  started.add(server);
  return server;
}

export async function stopServers(): Promise<void> {
  for (const server of [...started]) await server.kill();
}

export interface Line {
  type: string;
  report?: ImportReport | null;
  error?: { code: string; message: string };
}

/** All lines of an answer, and whether it came to its end. */
export async function linesOf(response: Response): Promise<{ lines: Line[]; isWhole: boolean }> {
  let text = "";
  let isWhole = true;
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    isWhole = false;
  }
  const lines = text.split("\n").slice(0, -1);
  return { lines: lines.map((line) => JSON.parse(line) as Line), isWhole };
}

export function formWith(name: string, content: Uint8Array | string, field = "file"): FormData {
  const form = new FormData();
  form.append(field, new Blob([content as never]), name);
  return form;
}

export interface OpenUpload {
  /** Resolves when the bytes are on their way. */
  write(bytes: Uint8Array | string): Promise<void>;
  end(): void;
  /** Cuts the connection. */
  vanish(): void;
  /** The answer, as far as it came. */
  answer: Promise<{ status: number; text: string; isWhole: boolean }>;
}

/** An upload in pieces, as slow as a test wants it. */
export function openUpload(url: string, headers: Record<string, string> = {}): OpenUpload {
  const upload = request(url, { method: "POST", headers: { "Transfer-Encoding": "chunked", ...headers } });
  const answer = new Promise<{ status: number; text: string; isWhole: boolean }>((resolve) => {
    upload.on("error", () => resolve({ status: 0, text: "", isWhole: false }));
    upload.on("response", (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
      });
      response.on("error", () => {});
      response.on("close", () => {
        resolve({ status: response.statusCode!, text, isWhole: response.complete });
      });
    });
  });
  return {
    write: (bytes) => new Promise((resolve) => upload.write(bytes, () => resolve())),
    end: () => upload.end(),
    vanish: () => upload.destroy(),
    answer,
  };
}

/** Waits until something holds. */
export async function until<T>(look: () => Promise<T | false | null | undefined>, ms = 60_000): Promise<T> {
  const endMs = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > endMs) throw new Error("it never came");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface RawConnection {
  socket: Socket;
  /** All that came until the server closed. */
  closed: Promise<string>;
  /** What came so far, as soon as it fits. */
  says(pattern: RegExp): Promise<string>;
}

/** Sends bytes as they are. */
export function rawConnection(server: ServerProcess, text: string | Uint8Array): RawConnection {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  let answer = "";
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(answer)));
  const says = (pattern: RegExp) => until(async () => pattern.test(answer) && answer);
  return { socket, closed, says };
}

export function statusOf(answer: string): number {
  return Number(answer.split(" ")[1]);
}
