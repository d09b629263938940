import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { PlimsollError, partBytesPassedMax, partHeadBytesMax, uploadNameLengthMax } from "../kernel/index.js";

/** The bytes of an upload, taken from the socket as they are asked for and no sooner. */
export interface Upload {
  /** What the body itself says it is called. */
  name: string | null;
  stream: Readable;
}

export interface UploadOptions {
  request: IncomingMessage;
  /** A body that brings nothing for this long is given up. */
  idleMsMax: number;
  /** Another file of the form, behind the one that is taken. */
  onPassedOver: (name: string | null) => void;
  /** The client has gone, or says nothing any more: told once, before the stream fails. */
  onBroken: (reason: string) => void;
}

/** Opens a body: the body itself, or the field `file` of a multipart one. */
export async function openUpload(options: UploadOptions): Promise<Upload> {
  const { request } = options;
  const body = Readable.from(arriving(options), { objectMode: true, highWaterMark: 1 });
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\//i.test(type)) return { name: null, stream: body };
  return openPart(body, { ...request.headers, "content-type": type }, options);
}

/** Chunks of the body; a client is waited for only while somebody wants its bytes. */
async function* arriving({ request, idleMsMax, onBroken }: UploadOptions): AsyncGenerator<Buffer> {
  const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    let next: IteratorResult<Buffer>;
    try {
      next = await withinIdleTime(chunks.next(), idleMsMax);
    } catch (error) {
      const isIdle = error instanceof IdleError;
      onBroken(isIdle ? `nothing came for ${idleMsMax / 1000} seconds` : "the client has gone");
      throw error;
    }
    if (next.done === true) return;
    yield next.value;
  }
}

class IdleError extends Error {}

async function withinIdleTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new IdleError()), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first file of the field `file`; what stands before it is small and passed over. */
async function openPart(body: Readable, headers: BusboyHeaders, options: UploadOptions): Promise<Upload> {
  const form = makeForm(headers);
  const found = new Promise<Upload>((resolve, reject) => {
    const fail = (what: string) => reject(new PlimsollError("REQUEST_INVALID", { what }));
    let isFound = false;
    form.on("file", (field, part, fileName) => {
      // A form that ends within a part says so here too; nobody listens where the part is passed over.
      part.on("error", () => {});
      if (isFound || field !== "file") {
        part.resume();
        if (isFound) options.onPassedOver(fileName ?? null);
        else passOver(part, () => fail("only a field `file` may have more than a few bytes"));
        return;
      }
      isFound = true;
      resolve({ name: fileName === undefined || fileName === "" ? null : fileName, stream: part });
    });
    form.on("error", (error) => {
      const what = `its multipart body cannot be read (${error instanceof Error ? error.message : error})`;
      fail(what);
    });
    form.on("finish", () => fail("its multipart body has no file in a field `file`"));
    body.on("error", () => fail("its body broke off"));
  });
  body.pipe(form);
  const upload = await found;
  // A body that breaks off ends the part as well, which would wait for its end else.
  const breakOff = (error: unknown) => upload.stream.destroy(error instanceof Error ? error : undefined);
  body.on("error", breakOff);
  form.on("error", breakOff);
  return upload;
}

function makeForm(headers: BusboyHeaders): BusboyInstance {
  try {
    return new Busboy({
      headers,
      limits: { fieldSize: partBytesPassedMax, headerSize: partHeadBytesMax, headerPairs: 32, parts: 16 },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlimsollError("REQUEST_INVALID", { what: `its multipart body cannot be read (${reason})` });
  }
}

function passOver(part: Readable, onTooLong: () => void): void {
  let bytes = 0;
  part.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > partBytesPassedMax) onTooLong();
  });
}

/** A name without folders and control characters: it is shown, and tells format and entity. */
export function uploadName(name: string | null): string {
  const last = (name ?? "").split(/[\\/]/).at(-1)!;
  const plain = last.replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, uploadNameLengthMax);
  return plain === "" || plain === "." || plain === ".." ? "-" : plain;
}

/** Reads the rest of a body away for a moment: a client hears an answer better when it has had its say. */
export async function lingerOver(request: IncomingMessage, ms: number): Promise<void> {
  if (request.complete || request.destroyed) return;
  request.resume();
  const timer = AbortSignal.timeout(ms);
  await Promise.race([
    once(request, "end", { signal: timer }).catch(() => {}),
    once(request, "close", { signal: timer }).catch(() => {}),
  ]);
}
