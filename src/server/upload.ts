import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { PlimsollError, partBytesPassedMax, partHeadBytesMax, uploadNameLengthMax } from "../kernel/index.js";
import { BodyStream, type BodyStreamOptions } from "./body-stream.js";

/** The bytes of an upload, taken from the socket as they are asked for and no sooner. */
export interface Upload {
  /** What the body itself says it is called. */
  name: string | null;
  stream: Readable;
  /** Of a form, what stood before the file in fields that were asked for. */
  fields: ReadonlyMap<string, string>;
}

export interface UploadOptions extends BodyStreamOptions {
  /** Fields of a form that count for something, if they stand before the file. */
  fieldNames: readonly string[];
  /** Another file of the form, behind the one that is taken. */
  onPassedOver: (name: string | null) => void;
}

/** Opens a body: the body itself, or the field `file` of a multipart one. */
export async function openUpload(options: UploadOptions): Promise<Upload> {
  const { request } = options;
  const body = new BodyStream(options);
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\//i.test(type)) return { name: null, stream: body, fields: new Map() };
  return openPart(body, { ...request.headers, "content-type": type }, options);
}

/** The first file of the field `file`; what stands before it is small and passed over. */
async function openPart(body: Readable, headers: BusboyHeaders, options: UploadOptions): Promise<Upload> {
  const form = makeForm(headers);
  const fields = new Map<string, string>();
  const found = new Promise<Upload>((resolve, reject) => {
    const fail = (what: string) => reject(new PlimsollError("REQUEST_INVALID", { what }));
    const isWanted = (field: string) => options.fieldNames.includes(field);
    const take = (field: string, text: string) => {
      if (fields.has(field)) fail(`the field ${field} of its form comes twice`);
      fields.set(field, text);
    };
    const taken: Promise<void>[] = [];
    let isFound = false;
    form.on("field", (field, text, _isNameCut, isTextCut) => {
      if (isFound || !isWanted(field)) return;
      if (isTextCut) fail(`the field ${field} of its form is longer than ${partBytesPassedMax} bytes`);
      take(field, text);
    });
    form.on("file", (field, part, fileName) => {
      // A form that ends within a part says so here too; nobody listens where the part is passed over.
      part.on("error", () => {});
      if (!isFound && isWanted(field)) {
        const failField = (what: string) => fail(`the field ${field} of its form ${what}`);
        taken.push(
          textOf(part, failField).then(
            (text) => take(field, text),
            () => failField("broke off"),
          ),
        );
        return;
      }
      if (isFound || field !== "file") {
        part.resume();
        if (isFound) options.onPassedOver(fileName ?? null);
        else passOver(part, () => fail("only a field `file` may have more than a few bytes"));
        return;
      }
      isFound = true;
      const name = fileName === undefined || fileName === "" ? null : fileName;
      void Promise.all(taken).then(() => resolve({ name, stream: part, fields }));
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

/** A part that is a small text of its own. */
async function textOf(part: Readable, onFault: (what: string) => void): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  part.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= partBytesPassedMax) chunks.push(chunk);
    else onFault(`is longer than ${partBytesPassedMax} bytes`);
  });
  await once(part, "end");
  return Buffer.concat(chunks).toString("utf8");
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
