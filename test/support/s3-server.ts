import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, type Asked, failure, S3Objects } from "./s3-objects.js";
import { signatureFault } from "./s3-signature.js";

/** What goes wrong with one request. */
export type S3Fault =
  /** Refused without being carried out. */
  | { kind: "refused"; status: number; code: string; retryAfter?: number }
  /** The connection is cut before anything is done. */
  | { kind: "reset" }
  /** The connection is cut while the request is still coming. */
  | { kind: "resetEarly" }
  /** Carried out, and nobody hears of it. */
  | { kind: "lostAck" }
  /** Carried out, and answered as if it had not been. */
  | { kind: "doneButRefused" }
  /** Of the answer's body so much comes, then the connection is cut. */
  | { kind: "cut"; part: number }
  /** Nothing is ever said. */
  | { kind: "silent" }
  /** The answer comes in pieces with a wait between. */
  | { kind: "slow"; ms: number }
  /** A page in place of every answer, as the sign-in of a network has it. */
  | { kind: "page" }
  /** A list in another order. */
  | { kind: "reordered" }
  /** One byte of the answer's body is another. */
  | { kind: "flipped" };

export const s3Keys = { accessKeyId: "AKTEST", secretAccessKey: "secret/of+tests" };

/** A server of this process that speaks S3, checks signatures, and fails as it is told to. */
export class S3Server implements AsyncDisposable {
  readonly bucket = new S3Objects();
  /** Requests as they came: method and path with query. */
  readonly log: string[] = [];
  conditions: Asked["conditions"] = "heeded";
  uploadConditions: Asked["conditions"] | null = null;
  /** Decides for each request what goes wrong. */
  fault: (request: { method: string; url: string; number: number }) => S3Fault | null = () => null;
  /** By how much this server's clock is ahead. */
  aheadMs = 0;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    server.bucket.nowMs = () => Date.now() + server.aheadMs;
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that clients hold. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method!;
    const url = request.url!;
    const fault = this.fault({ method, url, number: this.log.push(`${method} ${url}`) - 1 });
    if (fault?.kind === "resetEarly") return void request.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "silent") return;
    if (fault?.kind === "page") return void response.end("<html><body>Sign in</body></html>");
    if (fault?.kind === "refused") {
      const wait = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      return this.#send(response, method, failure(fault.status, fault.code, wait), null);
    }
    const answer = this.#answer(request, body);
    if (fault?.kind === "lostAck") return void request.socket.destroy();
    if (fault?.kind === "doneButRefused")
      return this.#send(response, method, failure(500, "InternalError"), null);
    await this.#send(response, method, answer, fault);
  }

  #answer(request: IncomingMessage, body: Buffer): Answer {
    const wrong = signatureFault(request, body, s3Keys, this.bucket.nowMs());
    if (wrong !== null) return failure(403, wrong);
    const url = new URL(request.url!, this.endpoint);
    const [, bucket, ...key] = url.pathname.split("/").map(decodeURIComponent);
    if (bucket !== "bucket") return failure(404, "NoSuchBucket");
    const headers = request.headers as Record<string, string | undefined>;
    const isUpload = url.searchParams.has("uploadId");
    return this.bucket.answer({
      method: request.method!,
      key: key.join("/"),
      query: url.searchParams,
      headers,
      body,
      conditions: (isUpload ? this.uploadConditions : null) ?? this.conditions,
    });
  }

  async #send(
    response: ServerResponse,
    method: string,
    answer: Answer,
    fault: S3Fault | null,
  ): Promise<void> {
    let body: Buffer = Buffer.from(answer.body ?? "");
    if (fault?.kind === "reordered") body = reordered(body);
    if (fault?.kind === "flipped" && body.byteLength > 0) {
      body = Buffer.from(body);
      body[body.byteLength >> 1]! ^= 1;
    }
    const date = new Date(this.bucket.nowMs()).toUTCString();
    response.writeHead(answer.status, { date, ...answer.headers, "content-length": body.byteLength });
    if (method === "HEAD") return void response.end();
    if (fault?.kind === "cut") {
      const kept = body.subarray(0, Math.floor(body.byteLength * fault.part));
      response.write(kept.byteLength === 0 ? "" : kept, () => response.destroy());
      if (kept.byteLength === 0) response.flushHeaders();
      setTimeout(() => response.destroy(), 5);
      return;
    }
    if (fault?.kind === "slow") {
      for (let from = 0; from < body.byteLength && !response.destroyed; from += 1 + (body.byteLength >> 2)) {
        response.write(body.subarray(from, from + 1 + (body.byteLength >> 2)));
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
      }
      return void response.end();
    }
    response.end(body);
  }
}

/** The objects of a list the other way round; what is no list stays as it is. */
function reordered(body: Buffer): Buffer {
  const text = body.toString();
  const items = text.match(/<Contents>.*?<\/Contents>/g) ?? [];
  if (items.length === 0) return body;
  return Buffer.from(text.replace(items.join(""), items.toReversed().join("")));
}
