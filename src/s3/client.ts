import { createHash } from "node:crypto";
import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import aws4 from "aws4";
import { type Clock, s3AttemptsMax, s3SocketsMax, systemClock } from "../kernel/index.js";
import { backoffMs } from "./backoff.js";
import { answerBytes, answerText, type ExchangeTimes, exchange, exchangeTimes } from "./exchange.js";
import { closedCode, conditionOf, failureOf, S3Failure } from "./failure.js";
import { resolveS3Place, type S3Credentials, type S3Place, type S3Settings } from "./settings.js";

export interface S3ClientOptions extends S3Settings {
  clock?: Clock;
  random?: () => number;
  attemptsMax?: number;
  times?: Partial<ExchangeTimes>;
}

export interface S3Request {
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Null for the bucket itself. */
  key: string | null;
  query?: Record<string, string>;
  headers?: OutgoingHttpHeaders;
  body?: Uint8Array;
  /** An abort that comes when all is sent waits for the answer: the server may be doing it. */
  isCommit?: boolean;
}

/** One bucket's server: requests are signed, sent, and sent again where that may help. */
export class S3Client implements Disposable {
  readonly place: S3Place;
  readonly #agent: http.Agent;
  readonly #options: S3ClientOptions;
  readonly #times: ExchangeTimes;
  #credentials: S3Credentials | null = null;
  #isClosed = false;
  /** How far the server's clock is ahead of this one's, once it has complained. */
  #skewMs = 0;

  constructor(bucket: string, options: S3ClientOptions = {}) {
    this.place = resolveS3Place(bucket, options);
    this.#options = options;
    this.#times = { ...exchangeTimes, ...options.times };
    const settings = { keepAlive: true, maxSockets: s3SocketsMax, scheduling: "lifo" as const };
    this.#agent = this.#isSecure ? new https.Agent(settings) : new http.Agent(settings);
  }

  /**
   * Asks until it is answered well, and reads the answer whole: one that breaks off is asked for again.
   * Failures that may pass are tried again; the last one is thrown as it is.
   */
  async ask(request: S3Request, signal: AbortSignal): Promise<{ text: string; answer: IncomingMessage }> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        return await this.tryAsk(request, signal);
      } catch (error) {
        if (!(await this.isWorthAnother(error, tries, signal))) throw error;
      }
    }
  }

  async tryAsk(request: S3Request, signal: AbortSignal): Promise<{ text: string; answer: IncomingMessage }> {
    const answer = await this.trySend(request, signal);
    // What was done is done: only its answer is still to come.
    const text = await answerText(answer, request.isCommit === true ? never : signal, this.#times);
    return { text, answer };
  }

  async trySend(request: S3Request, signal: AbortSignal): Promise<IncomingMessage> {
    const body = request.body ?? null;
    if (this.#isClosed) throw new S3Failure(0, closedCode, "it was closed");
    const answer = await exchange({
      request: this.#signed(request, body),
      isSecure: this.#isSecure,
      body,
      signal,
      isCommit: request.isCommit === true,
      times: this.#times,
    });
    const status = answer.statusCode!;
    if (status >= 200 && status < 300) return answer;
    const text = await answerText(answer, never, this.#times).catch(() => "");
    throw failureOf(status, answer.headers, text);
  }

  /** Waits where a try may help, and learns what the next one needs; false where none does. */
  async isWorthAnother(error: unknown, tries: number, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof S3Failure) || tries >= this.attemptsMax) return false;
    if (this.#hasLearnt(error) && tries === 1) return true;
    if (!error.isPassing) return false;
    const retryAfter = error.headers["retry-after"];
    await this.clock.sleep(backoffMs(tries, retryAfter, this.#options.random ?? Math.random), signal);
    signal.throwIfAborted();
    return true;
  }

  bytesOf(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
    return answerBytes(answer, signal, this.#times);
  }

  /** What people are told of a failure; other errors stay as they are. */
  condition(error: unknown): unknown {
    return error instanceof S3Failure ? conditionOf(error, this.place.name, this.attemptsMax) : error;
  }

  get attemptsMax(): number {
    return this.#options.attemptsMax ?? s3AttemptsMax;
  }

  get clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  get #isSecure(): boolean {
    return this.place.protocol === "https:";
  }

  /** Closes all connections; what is under way fails. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  /** Credentials may have been renewed in their file, and a clock that is off can be taken into account. */
  #hasLearnt(failure: S3Failure): boolean {
    if (failure.code === "ExpiredToken" || failure.code === "InvalidAccessKeyId") {
      const former = this.#credentials?.accessKeyId;
      this.#credentials = null;
      return former !== this.place.credentials().accessKeyId;
    }
    if (failure.code !== "RequestTimeTooSkewed") return false;
    const serverMs = Date.parse(failure.headers.date ?? "");
    if (Number.isNaN(serverMs)) return false;
    this.#skewMs = serverMs - this.clock.wallMs();
    return true;
  }

  #signed(request: S3Request, body: Uint8Array | null): http.RequestOptions {
    const { place } = this;
    const query = new URLSearchParams(request.query).toString().replace(/\+/g, "%20");
    const key = (request.key ?? "").split("/").map(encodeKeyPart).join("/");
    const time = new Date(this.clock.wallMs() + this.#skewMs).toISOString();
    const headers: OutgoingHttpHeaders = {
      ...request.headers,
      Host: place.hostname + (place.port === "" ? "" : `:${place.port}`),
      "X-Amz-Content-Sha256": createHash("sha256")
        .update(body ?? "")
        .digest("hex"),
      "X-Amz-Date": time.replace(/[:-]|\.\d{3}/g, ""),
    };
    if (body !== null || request.method === "PUT" || request.method === "POST")
      headers["Content-Length"] = body?.byteLength ?? 0;
    const unsigned = {
      method: request.method,
      path: `${place.path}${key}${query === "" ? "" : `?${query}`}`,
      headers,
      service: "s3",
      region: place.region,
    };
    this.#credentials ??= place.credentials();
    const { accessKeyId, secretAccessKey, sessionToken } = this.#credentials;
    const session = sessionToken ? { sessionToken } : {};
    const signed = aws4.sign(unsigned, { accessKeyId, secretAccessKey, ...session });
    const host = { hostname: place.hostname.replace(/^\[(.*)\]$/, "$1"), port: place.port };
    return {
      ...host,
      method: request.method,
      path: signed.path!,
      headers: signed.headers!,
      agent: this.#agent,
    };
  }
}

const never = new AbortController().signal;

/** As signatures ask for it: letters, digits and four signs stay, everything else is written as its bytes. */
function encodeKeyPart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
