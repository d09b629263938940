import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { s3PartsMax, s3SettleMs } from "../kernel/index.js";
import type { S3Client, S3Request } from "./client.js";
import { readAnswer, S3Failure } from "./failure.js";
import { S3ObjectFault } from "./read-object.js";
import { escapeXml } from "./xml.js";

/** Says in an object's metadata which writing it comes from, so that a lost answer can be made up for. */
const writingHeader = "x-amz-meta-plimsoll-write";

/** In one request, or in parts: servers may heed conditions at the one and not at the other. */
export type WritingWay = "request" | "parts";

export interface S3WriteOptions {
  signal: AbortSignal;
  /** Only where no object has the key. */
  isNew: boolean;
  /** Whether the server heeds that; asked before anything is sent. */
  keepsNew(way: WritingWay): Promise<boolean>;
  /** What is collected before it is sent, and all that is held: of two one is filled while one is sent. */
  buffers: readonly Buffer[];
  /** Told before an upload in parts is begun, and when it has come to its end. */
  onUpload?: (uploadId: string, isUnderWay: boolean) => void;
}

/** What an object that did not fit one request is too large for. */
export class S3TooLarge extends Error {}

/** Writes an object, in one request where the buffer holds it, else in parts. Returns its size. */
export async function writeObject(
  client: S3Client,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  options: S3WriteOptions,
): Promise<number> {
  const writing = new Writing(client, key, options);
  try {
    for await (const chunk of chunks) {
      options.signal.throwIfAborted();
      await writing.add(chunk);
    }
    options.signal.throwIfAborted();
    return await writing.finish();
  } catch (error) {
    await writing.giveUp();
    throw error;
  }
}

class Writing {
  readonly #client: S3Client;
  readonly #key: string;
  readonly #options: S3WriteOptions;
  readonly #id = randomUUID();
  readonly #tags: string[] = [];
  readonly #stopping = new AbortController();
  #uploadId: string | null = null;
  /** Which of the buffers is filled, and how far. */
  #at = 0;
  #filled = 0;
  /** The part that is on its way: its failure is told to whoever has the next one. */
  #sending: Promise<void> = Promise.resolve();
  #bytes = 0;

  constructor(client: S3Client, key: string, options: S3WriteOptions) {
    this.#client = client;
    this.#key = key;
    this.#options = options;
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.byteLength; ) {
      if (this.#filled === this.#buffer.byteLength) await this.#sendPart();
      const piece = chunk.subarray(from, from + this.#buffer.byteLength - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      from += piece.byteLength;
    }
    this.#bytes += chunk.byteLength;
  }

  async finish(): Promise<number> {
    if (this.#uploadId === null) {
      await this.#checkKeepsNew("request");
      await this.#commit({
        method: "PUT",
        key: this.#key,
        headers: this.#headers(),
        body: this.#buffer.subarray(0, this.#filled),
      });
      return this.#bytes;
    }
    if (this.#filled > 0) await this.#sendPart();
    await this.#sending;
    const parts = this.#tags.map(
      (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(tag)}</ETag></Part>`,
    );
    const xmlns = "http://s3.amazonaws.com/doc/2006-03-01/";
    const list = `<CompleteMultipartUpload xmlns="${xmlns}">${parts.join("")}</CompleteMultipartUpload>`;
    await this.#commit({
      method: "POST",
      key: this.#key,
      query: { uploadId: this.#uploadId },
      headers: this.#options.isNew ? { "If-None-Match": "*" } : {},
      body: Buffer.from(list),
    });
    this.#options.onUpload?.(this.#uploadId, false);
    this.#uploadId = null;
    return this.#bytes;
  }

  /** Takes away the parts that were sent; whatever cannot be taken away now the cleaner finds. */
  async giveUp(): Promise<void> {
    if (this.#uploadId === null) return;
    // A part that comes behind the end of its upload would stay.
    this.#stopping.abort();
    await this.#sending.catch(() => {});
    const query = { uploadId: this.#uploadId };
    const signal = AbortSignal.timeout(s3SettleMs);
    await this.#client.ask({ method: "DELETE", key: this.#key, query }, signal).catch(() => {});
    this.#options.onUpload?.(this.#uploadId, false);
  }

  /** Hands the buffer over when the part before it is there; with one buffer only, waits for this one too. */
  async #sendPart(): Promise<void> {
    await this.#sending;
    if (this.#tags.length === s3PartsMax) throw new S3TooLarge();
    this.#uploadId ??= await this.#begin();
    this.#sending = this.#put(this.#uploadId, this.#buffer.subarray(0, this.#filled));
    this.#sending.catch(() => {});
    const { buffers } = this.#options;
    this.#at = (this.#at + 1) % buffers.length;
    this.#filled = 0;
    if (buffers.length === 1) await this.#sending;
  }

  async #put(uploadId: string, body: Buffer): Promise<void> {
    const query = { partNumber: String(this.#tags.length + 1), uploadId };
    const signal = AbortSignal.any([this.#options.signal, this.#stopping.signal]);
    const { answer } = await this.#client.ask({ method: "PUT", key: this.#key, query, body }, signal);
    const tag = answer.headers.etag;
    if (tag === undefined) throw new S3Failure(200, "", "it took a part without giving its ETag");
    this.#tags.push(tag);
  }

  get #buffer(): Buffer {
    return this.#options.buffers[this.#at]!;
  }

  async #begin(): Promise<string> {
    await this.#checkKeepsNew("parts");
    const headers = { [writingHeader]: this.#id, "Content-Type": "application/octet-stream" };
    const request = { method: "POST", key: this.#key, query: { uploads: "" }, headers } as const;
    const { text } = await this.#client.ask(request, this.#options.signal);
    const uploadId = readAnswer(text).root.get("UploadId");
    if (uploadId === undefined) throw new S3Failure(200, "", "it began an upload without giving its id");
    this.#options.onUpload?.(uploadId, true);
    return uploadId;
  }

  async #checkKeepsNew(way: WritingWay): Promise<void> {
    if (!this.#options.isNew || (await this.#options.keepsNew(way))) return;
    const what = way === "parts" ? "uploads in parts" : "uploads";
    throw new S3ObjectFault("unconditional", `its server passes over If-None-Match at ${what}`);
  }

  #headers(): OutgoingHttpHeaders {
    return {
      [writingHeader]: this.#id,
      "Content-Type": "application/octet-stream",
      ...(this.#options.isNew ? { "If-None-Match": "*" } : {}),
    };
  }

  /**
   * The request that makes the object. Where nobody can say whether it was carried out, the object itself
   * tells: it names its writing.
   */
  async #commit(request: S3Request): Promise<void> {
    const { signal } = this.#options;
    let isUncertain = false;
    for (let tries = 1; ; tries++) {
      try {
        const { text, answer } = await this.#client.tryAsk({ ...request, isCommit: true }, signal);
        checkCommitted(text);
        if (request.method !== "PUT" || answer.headers.etag !== undefined) return;
        // What says yes to everything is a proxy or a page: then the object is looked at.
        throw new S3Failure(200, "", "it took an object without giving its ETag: is it an S3 server?");
      } catch (error) {
        isUncertain ||= error instanceof S3Failure && error.isUncertain;
        if (await this.#isWorthAnother(error, tries)) continue;
        if (isUncertain && (await this.#isOurs(error))) return;
        if (isRefusal(error) && this.#options.isNew) throw new S3ObjectFault("taken");
        signal.throwIfAborted();
        throw error;
      }
    }
  }

  /** As the client says, but an abort while it waits is no reason to leave without a look. */
  async #isWorthAnother(error: unknown, tries: number): Promise<boolean> {
    const { signal } = this.#options;
    if (signal.aborted) return false;
    try {
      return await this.#client.isWorthAnother(error, tries, signal);
    } catch (failure) {
      if (signal.aborted) return false;
      throw failure;
    }
  }

  /** Whether the object is there and of this writing. */
  async #isOurs(failure: unknown): Promise<boolean> {
    try {
      const request = { method: "HEAD", key: this.#key } as const;
      const { answer } = await this.#client.ask(request, AbortSignal.timeout(s3SettleMs));
      return answer.headers[writingHeader] === this.#id;
    } catch (error) {
      if (error instanceof S3Failure && error.status === 404) return false;
      // To say that another has the name would be wrong where it may be this writing itself.
      if (isRefusal(failure)) throw new S3Failure(0, "", "whose object has the name cannot be seen");
      return false;
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof S3Failure && error.status === 412;
}

/** The end of an upload may be refused within an answer that began well. */
function checkCommitted(text: string): void {
  if (text.trim() === "") return;
  const { rootName, root } = readAnswer(text);
  if (rootName !== "Error") return;
  const code = root.get("Code") ?? "";
  const words = `${code} ${root.get("Message") ?? ""}`;
  throw new S3Failure(
    code === "InternalError" ? 500 : code === "PreconditionFailed" ? 412 : 400,
    code,
    words,
  );
}
