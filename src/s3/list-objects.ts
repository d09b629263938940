import { s3PageKeysMax } from "../kernel/index.js";
import type { S3Client } from "./client.js";
import { type AnswerForm, readAnswer, S3Failure } from "./failure.js";
import type { XmlText } from "./xml.js";

export interface ListedObject {
  key: string;
  bytes: number;
  /** By the server's clock; milliseconds since 1970. */
  modifiedMs: number;
}

export interface ListedUpload {
  key: string;
  uploadId: string;
  startedMs: number;
  /** What the server's clock said when it answered. */
  serverMs: number;
}

/** Objects whose key begins with the prefix, in the order of bytes, page by page. */
export async function* listObjects(
  client: S3Client,
  prefix: string,
  signal: AbortSignal,
  pageKeys = s3PageKeysMax,
): AsyncGenerator<ListedObject> {
  const query = { "list-type": "2", "encoding-type": "url", "max-keys": String(pageKeys), prefix };
  let next: Record<string, string> = {};
  let last: string | null = null;
  for (;;) {
    const { root, items } = await askXml(client, { ...query, ...next }, objectList, signal);
    const page = items.map(({ text }) => objectOf(text, root)).sort(byKey);
    for (const object of page) {
      // A page that begins before the end of the former one would have names come twice, or lose some.
      if (last !== null && compareKeys(object.key, last) <= 0) throw disorder(object.key, last);
      last = object.key;
      yield object;
      signal.throwIfAborted();
    }
    if (root.get("IsTruncated") !== "true") return;
    const token = root.get("NextContinuationToken");
    if (token === undefined && page.length === 0)
      throw new S3Failure(200, "", "its list has a page without keys");
    next = token === undefined ? { "start-after": last! } : { "continuation-token": token };
  }
}

/** Uploads in parts that were begun and are neither finished nor given up. */
export async function* listUploads(
  client: S3Client,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ListedUpload> {
  let next: Record<string, string> = {};
  for (;;) {
    const query = { uploads: "", "encoding-type": "url", "max-uploads": String(s3PageKeysMax), prefix };
    const { root, items, serverMs } = await askXml(client, { ...query, ...next }, uploadList, signal);
    for (const { text } of items) {
      const startedMs = Date.parse(text.get("Initiated") ?? "");
      yield { key: keyOf(text, root), uploadId: text.get("UploadId") ?? "", startedMs, serverMs };
    }
    const marker = root.get("NextKeyMarker");
    if (root.get("IsTruncated") !== "true" || marker === undefined) return;
    next = {
      "key-marker": decoded(marker, root),
      "upload-id-marker": root.get("NextUploadIdMarker") ?? "",
    };
  }
}

const objectList: AnswerForm = { root: "ListBucketResult", repeated: ["Contents"] };
const uploadList: AnswerForm = { root: "ListMultipartUploadsResult", repeated: ["Upload"] };

async function askXml(
  client: S3Client,
  query: Record<string, string>,
  form: AnswerForm,
  signal: AbortSignal,
) {
  const { text, answer } = await client.ask({ method: "GET", key: null, query }, signal);
  return { ...readAnswer(text, form), serverMs: Date.parse(answer.headers.date ?? "") };
}

function objectOf(text: XmlText, root: XmlText): ListedObject {
  const bytes = Number(text.get("Size"));
  return { key: keyOf(text, root), bytes, modifiedMs: Date.parse(text.get("LastModified") ?? "") };
}

function keyOf(text: XmlText, root: XmlText): string {
  return decoded(text.get("Key") ?? "", root);
}

/**
 * Keys may hold what XML cannot, so that they are asked for in the form of URLs; not every server does it.
 */
function decoded(key: string, root: XmlText): string {
  if (root.get("EncodingType") !== "url") return key;
  try {
    return decodeURIComponent(key.replace(/\+/g, " "));
  } catch {
    return key;
  }
}

function byKey(left: ListedObject, right: ListedObject): number {
  return compareKeys(left.key, right.key);
}

function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function disorder(key: string, last: string): S3Failure {
  return new S3Failure(200, "", `it lists ${JSON.stringify(key)} behind ${JSON.stringify(last)}`);
}
