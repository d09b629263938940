import { createHash, randomUUID } from "node:crypto";

export interface KeptObject {
  body: Buffer;
  etag: string;
  metadata: Record<string, string>;
  modifiedMs: number;
}

interface KeptUpload {
  key: string;
  metadata: Record<string, string>;
  parts: Map<number, Buffer>;
  startedMs: number;
}

/** An answer of the kind that S3 gives. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

export interface Asked {
  method: string;
  key: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
  /** Conditions are heeded, passed over, or refused as unknown. */
  conditions: "heeded" | "ignored" | "unknown";
}

/** A bucket in memory: what S3 says of objects, uploads in parts, lists and conditions. */
export class S3Objects {
  readonly objects = new Map<string, KeptObject>();
  readonly uploads = new Map<string, KeptUpload>();
  nowMs: () => number = Date.now;

  answer(asked: Asked): Answer {
    const { method, key, query } = asked;
    if (key === "") return query.has("uploads") ? this.#listUploads(query) : this.#list(query);
    if (method === "POST") return query.has("uploads") ? this.#begin(asked) : this.#complete(asked);
    if (method === "PUT") return query.has("partNumber") ? this.#putPart(asked) : this.#put(asked);
    if (method === "DELETE") return query.has("uploadId") ? this.#abort(query) : this.#remove(key);
    return this.#get(asked);
  }

  #put({ key, body, headers, conditions }: Asked): Answer {
    const refusal = this.#refusal(key, headers, conditions);
    if (refusal !== null) return refusal;
    const etag = `"${md5(body).toString("hex")}"`;
    this.objects.set(key, { body, etag, metadata: metadataOf(headers), modifiedMs: this.nowMs() });
    return { status: 200, headers: { etag } };
  }

  #refusal(key: string, headers: Asked["headers"], conditions: Asked["conditions"]): Answer | null {
    if (headers["if-none-match"] === undefined || conditions === "ignored") return null;
    if (conditions === "unknown") return failure(501, "NotImplemented");
    return this.objects.has(key) ? failure(412, "PreconditionFailed") : null;
  }

  #get({ method, key, headers }: Asked): Answer {
    const object = this.objects.get(key);
    if (object === undefined) return method === "HEAD" ? { status: 404 } : failure(404, "NoSuchKey");
    const wanted = headers["if-match"];
    if (wanted !== undefined && wanted !== object.etag) return failure(412, "PreconditionFailed");
    const about = { etag: object.etag, "last-modified": new Date(object.modifiedMs).toUTCString() };
    const range = /^bytes=(\d+)-$/.exec(headers.range ?? "");
    if (range === null) return { status: 200, headers: { ...about, ...object.metadata }, body: object.body };
    const from = Number(range[1]);
    const { byteLength } = object.body;
    if (from >= byteLength) return failure(416, "InvalidRange");
    const place = { "content-range": `bytes ${from}-${byteLength - 1}/${byteLength}` };
    return { status: 206, headers: { ...about, ...place }, body: object.body.subarray(from) };
  }

  #remove(key: string): Answer {
    this.objects.delete(key);
    return { status: 204 };
  }

  #begin({ key, headers }: Asked): Answer {
    const uploadId = randomUUID();
    const upload = { key, metadata: metadataOf(headers), parts: new Map(), startedMs: this.nowMs() };
    this.uploads.set(uploadId, upload);
    return xml("InitiateMultipartUploadResult", `<UploadId>${uploadId}</UploadId>`);
  }

  #putPart({ query, body }: Asked): Answer {
    const upload = this.uploads.get(query.get("uploadId")!);
    if (upload === undefined) return failure(404, "NoSuchUpload");
    upload.parts.set(Number(query.get("partNumber")), body);
    return { status: 200, headers: { etag: `"${md5(body).toString("hex")}"` } };
  }

  #complete({ query, body, headers, conditions }: Asked): Answer {
    const uploadId = query.get("uploadId")!;
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) return failure(404, "NoSuchUpload");
    const refusal = this.#refusal(upload.key, headers, conditions);
    if (refusal !== null) return refusal;
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)];
    const parts = named.map(([, number]) => upload.parts.get(Number(number)));
    const areThere = named.every(([, , tag], index) => {
      const part = parts[index];
      return part !== undefined && tag!.replaceAll("&quot;", '"') === `"${md5(part).toString("hex")}"`;
    });
    if (!areThere || parts.length === 0) return failure(400, "InvalidPart");
    const whole = parts as Buffer[];
    const etag = `"${md5(Buffer.concat(whole.map(md5))).toString("hex")}-${whole.length}"`;
    const { metadata, key } = upload;
    this.objects.set(key, { body: Buffer.concat(whole), etag, metadata, modifiedMs: this.nowMs() });
    this.uploads.delete(uploadId);
    return xml("CompleteMultipartUploadResult", `<ETag>${etag.replaceAll('"', "&quot;")}</ETag>`);
  }

  #abort(query: URLSearchParams): Answer {
    return this.uploads.delete(query.get("uploadId")!) ? { status: 204 } : failure(404, "NoSuchUpload");
  }

  #list(query: URLSearchParams): Answer {
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const prefix = query.get("prefix") ?? "";
    const count = Number(query.get("max-keys") ?? 1000);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, count);
    const items = page.map((key) => {
      const { body, modifiedMs } = this.objects.get(key)!;
      const date = new Date(modifiedMs).toISOString();
      return `<Contents><Key>${encodeURIComponent(key).replaceAll("%2F", "/")}</Key><LastModified>${date}</LastModified><Size>${body.byteLength}</Size></Contents>`;
    });
    const isCut = keys.length > count;
    const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    return xml(
      "ListBucketResult",
      `<EncodingType>url</EncodingType><IsTruncated>${isCut}</IsTruncated>${next}${items.join("")}`,
    );
  }

  #listUploads(query: URLSearchParams): Answer {
    const prefix = query.get("prefix") ?? "";
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const items = found.map(([uploadId, { key, startedMs }]) => {
      const date = new Date(startedMs).toISOString();
      return `<Upload><Key>${key}</Key><UploadId>${uploadId}</UploadId><Initiated>${date}</Initiated></Upload>`;
    });
    return xml("ListMultipartUploadsResult", `<IsTruncated>false</IsTruncated>${items.join("")}`);
  }
}

export function failure(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const answer = xml("Error", `<Code>${code}</Code><Message>as the test wants it</Message>`);
  return { ...answer, status, headers: { ...answer.headers, ...headers } };
}

export function xml(name: string, inner: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${name}>${inner}</${name}>`;
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

function metadataOf(headers: Asked["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-")) as [string, string][],
  );
}

function md5(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}
