import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { s3ProgressBytes } from "../kernel/index.js";
import type { S3Client } from "./client.js";
import { S3Failure } from "./failure.js";

/** Why an object is not read to its end, for whoever asked for it to say in its own words. */
export class S3ObjectFault extends Error {
  override name = "S3ObjectFault";
  readonly kind: "absent" | "changed" | "cut" | "taken" | "unconditional";

  constructor(kind: S3ObjectFault["kind"], reason = "") {
    super(reason);
    this.kind = kind;
  }
}

export interface S3ReadOptions {
  signal: AbortSignal;
  /** First byte that is wanted. */
  offset?: number;
}

/** Where a reading stands, and of which object. */
interface Reading {
  client: S3Client;
  key: string;
  signal: AbortSignal;
  position: number;
  /** Null until the server has said it. */
  bytes: number | null;
  etag: string | null;
  /** Over all bytes from the first on; null where there is nothing to hold it against. */
  md5: Hash | null;
}

/**
 * The bytes of an object. Where a connection breaks it is taken up again at the byte where it broke, of the
 * same object; an end that comes too early is a break like others.
 */
export async function* readObject(
  client: S3Client,
  key: string,
  { signal, offset = 0 }: S3ReadOptions,
): AsyncGenerator<Buffer> {
  const reading: Reading = {
    client,
    key,
    signal,
    position: offset,
    bytes: null,
    etag: null,
    md5: null,
  };
  for (let tries = 1; ; tries++) {
    const from = reading.position;
    try {
      yield* readOn(reading);
      return checkSum(reading);
    } catch (error) {
      if (reading.position - from >= s3ProgressBytes) tries = 1;
      if (await client.isWorthAnother(error, tries, signal)) continue;
      if (error instanceof S3Failure && error.status === 0 && reading.position > offset)
        throw new S3ObjectFault("cut", `${error.message} at byte ${reading.position} of ${reading.bytes}`);
      throw asFault(error);
    }
  }
}

function asFault(error: unknown): unknown {
  if (!(error instanceof S3Failure)) return error;
  if (error.status === 404 && error.code !== "NoSuchBucket") return new S3ObjectFault("absent");
  if (error.status === 412) return new S3ObjectFault("changed");
  return error;
}

async function* readOn(reading: Reading): AsyncGenerator<Buffer> {
  const { client, key, signal } = reading;
  if (reading.bytes !== null && reading.position >= reading.bytes) return;
  const headers: OutgoingHttpHeaders = {};
  if (reading.position > 0) headers.Range = `bytes=${reading.position}-`;
  if (reading.etag !== null) headers["If-Match"] = reading.etag;
  let answer: IncomingMessage;
  try {
    answer = await client.trySend({ method: "GET", key, headers }, signal);
  } catch (error) {
    // Nothing stands there: the object ends before.
    if (error instanceof S3Failure && error.status === 416 && reading.bytes === null) return;
    throw error;
  }
  let toSkip = startReading(reading, answer);
  for await (const chunk of client.bytesOf(answer, signal)) {
    const piece = chunk.subarray(Math.min(toSkip, chunk.byteLength));
    toSkip -= chunk.byteLength - piece.byteLength;
    if (piece.byteLength === 0) continue;
    reading.position += piece.byteLength;
    reading.md5?.update(piece);
    yield piece;
  }
  if (reading.bytes !== null && reading.position < reading.bytes)
    throw new S3Failure(0, "ECONNRESET", "the object was cut off");
}

/**
 * Holds the head of an answer against what was asked for; returns how many bytes come that are there already.
 */
function startReading(reading: Reading, answer: IncomingMessage): number {
  const { headers, statusCode } = answer;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
  const isPart = statusCode === 206 && range !== null;
  const length = headers["content-length"];
  const text = isPart ? range[2] : length;
  const bytes = text === undefined || text === "*" ? null : Number(text);
  const isSame =
    (reading.etag === null || headers.etag === undefined || headers.etag === reading.etag) &&
    (reading.bytes === null || bytes === null || bytes === reading.bytes);
  const isFromThere = !isPart || Number(range[1]) === reading.position;
  if (!isSame || !isFromThere) {
    answer.destroy();
    throw new S3ObjectFault("changed");
  }
  reading.etag ??= headers.etag ?? null;
  reading.bytes ??= bytes;
  if (reading.position === 0 && isMd5(headers)) reading.md5 = newMd5();
  return isPart ? 0 : reading.position;
}

/**
 * Objects that came in one request, and are not encrypted with keys of one's own, have their MD5 as their
 * tag.
 */
function isMd5(headers: IncomingMessage["headers"]): boolean {
  const encryption = String(headers["x-amz-server-side-encryption"] ?? "");
  return (
    /^"[0-9a-f]{32}"$/.test(headers.etag ?? "") &&
    !encryption.startsWith("aws:kms") &&
    headers["x-amz-server-side-encryption-customer-algorithm"] === undefined
  );
}

/** Null on machines that permit no MD5. */
function newMd5(): Hash | null {
  try {
    return createHash("md5");
  } catch {
    return null;
  }
}

function checkSum({ md5, etag }: Reading): void {
  if (md5 !== null && `"${md5.digest("hex")}"` !== etag)
    throw new S3ObjectFault("cut", "its checksum differs");
}
