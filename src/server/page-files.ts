import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { PlimsollError, pageBytesMax } from "../kernel/index.js";

interface PageFile {
  bytes: Buffer;
  type: string;
  etag: string;
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/**
 * The files of the page, read once at the start: what is asked for is looked up among their names, so that no
 * path of a request ever reaches the file system.
 */
export class PageFiles {
  readonly #files = new Map<string, PageFile>();

  constructor(dir: string) {
    let bytes = 0;
    for (const name of namesIn(dir)) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const content = readFileSync(join(dir, name));
      bytes += content.length;
      if (bytes > pageBytesMax) throw new Error(`the page in ${dir} has more than ${pageBytesMax} bytes`);
      const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 32)}"`;
      this.#files.set(name, { bytes: content, type, etag });
    }
  }

  send(request: IncomingMessage, response: ServerResponse, name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) {
      throw new PlimsollError("ROUTE_UNKNOWN", { method: "GET", path: `/page/${name.slice(0, 64)}` });
    }
    response.setHeader("ETag", file.etag);
    // Asked for anew each time and answered in one line when it is the same.
    response.setHeader("Cache-Control", "no-cache");
    if (request.headers["if-none-match"] === file.etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { "Content-Type": file.type, "Content-Length": String(file.bytes.length) });
    response.end(file.bytes);
  }
}

function namesIn(dir: string): string[] {
  try {
    const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
    return names.filter((name) => statSync(join(dir, name)).isFile());
  } catch {
    // A build without the page serves everything else.
    return [];
  }
}
