import { randomUUID } from "node:crypto";
import type { S3Client } from "./client.js";
import { readAnswer, S3Failure } from "./failure.js";
import type { WritingWay } from "./write-object.js";

/** What the keys of objects that are only tried out begin with, behind the prefix. */
export const probePrefix = ".plimsoll-probe-";

/**
 * Finds out whether a server heeds If-None-Match, by writing over an object that is there for this alone.
 * Some refuse the header, and some pass over it without a word.
 */
export async function probeConditions(
  client: S3Client,
  prefix: string,
  way: WritingWay,
  signal: AbortSignal,
): Promise<boolean> {
  const key = `${prefix}${probePrefix}${randomUUID()}`;
  const body = Buffer.from("probe");
  try {
    await client.ask({ method: "PUT", key, body }, signal);
    return way === "request"
      ? await isRefused(client.ask({ method: "PUT", key, body, headers: condition }, signal))
      : await isUploadRefused(client, key, body, signal);
  } finally {
    await client.ask({ method: "DELETE", key }, signal).catch(() => {});
  }
}

const condition = { "If-None-Match": "*" };

async function isUploadRefused(
  client: S3Client,
  key: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  const begun = await client.ask({ method: "POST", key, query: { uploads: "" } }, signal);
  const uploadId = readAnswer(begun.text).root.get("UploadId") ?? "";
  const part = await client.ask({ method: "PUT", key, query: { partNumber: "1", uploadId }, body }, signal);
  const tag = part.answer.headers.etag ?? "";
  const list = `<Part><PartNumber>1</PartNumber><ETag>${tag}</ETag></Part>`;
  const end = Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`);
  try {
    const request = { method: "POST", key, query: { uploadId }, headers: condition, body: end } as const;
    return await isRefused(client.ask(request, signal));
  } finally {
    await client.ask({ method: "DELETE", key, query: { uploadId } }, signal).catch(() => {});
  }
}

/** Refused for the condition's sake; a server that does not know the condition at all refuses otherwise. */
async function isRefused(asked: Promise<{ text: string }>): Promise<boolean> {
  try {
    const { text } = await asked;
    return text.includes("<Code>PreconditionFailed</Code>");
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    if (error.status === 412) return true;
    if (error.status === 501 || error.status === 400) return false;
    throw error;
  }
}
