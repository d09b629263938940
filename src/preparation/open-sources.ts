import { Readable } from "node:stream";
import { isPlimsollError, PlimsollError, stdinSampleBytesMax, stdinSampleDelayMs } from "../kernel/index.js";
import type { Source, SourceFormat } from "../ports/index.js";
import { type ResolveOptions, resolveSources } from "../sources/index.js";
import { Sampler } from "./infer-sources.js";

export interface OpenedSources {
  sources: Source[];
  sampler: Sampler;
}

export interface OpenSourcesOptions {
  /** As --format says; `nostr` are JSON lines. */
  format: string | null;
  /** As --records-at says. */
  recordsAt?: string | null;
  command: string;
  stdin: () => Readable;
  /** What the stream is called in messages and places. */
  streamName?: string;
  signal: AbortSignal;
  comics?: ResolveOptions["comics"];
  onNote: (note: string) => void;
}

/** The sources that the arguments name, and a way to look into them before they are read. */
export async function openSources(
  args: readonly string[],
  options: OpenSourcesOptions,
): Promise<OpenedSources> {
  const { command } = options;
  if (args.length === 0) throw new PlimsollError("USAGE", { what: "no source is named", command });
  if (args.filter((argument) => argument === "-").length > 1) {
    throw new PlimsollError("USAGE", { what: "stdin (-) can be read only once", command });
  }
  const { onNote, comics } = options;
  const shared: ResolveOptions = {
    cwd: process.cwd(),
    onNote,
    ...sourceFormat(options.format, options.recordsAt ?? null, command),
    ...(comics === undefined ? {} : { comics }),
  };
  if (!args.includes("-")) {
    const sources = await resolveSources(args, shared);
    return { sources, sampler: new Sampler(options.signal, async (source) => source) };
  }
  const { head, whole } = await forkStream(options.stdin());
  const named = { ...shared, stdinName: options.streamName ?? "-" };
  const sources = await resolveSources(args, { ...named, stdin: whole });
  const samplable = async (source: Source): Promise<Source> => {
    if (source.name !== named.stdinName) return source;
    return truncationProof((await resolveSources(["-"], { ...named, stdin: Readable.from([head]) }))[0]!);
  };
  return { sources, sampler: new Sampler(options.signal, samplable) };
}

/** How all the sources are read, where that is said. */
export function sourceFormat(
  name: string | null,
  recordsAt: string | null,
  command: string,
): { format?: SourceFormat; recordsAt?: readonly string[] } {
  if (recordsAt === null)
    return name === null ? {} : { format: name === "nostr" ? "jsonl" : (name as SourceFormat) };
  if (name === null || name === "json") return { format: "json", recordsAt: recordsAt.split(".") };
  throw new PlimsollError("USAGE", { what: `--records-at is for JSON, not for --format ${name}`, command });
}

/** The first part of a stream, and the stream with that part put back in front. */
async function forkStream(stream: Readable): Promise<{ head: Buffer; whole: Readable }> {
  const chunks: Buffer[] = [];
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  let bytes = 0;
  let pending: Promise<IteratorResult<Buffer | string>> | null = null;
  while (bytes < stdinSampleBytesMax) {
    pending ??= iterator.next();
    // A live stream may stall: its first records are sample enough, and nothing is judged before the first.
    const next = bytes === 0 ? await pending : await withinDelay(pending);
    if (next === null) break;
    pending = null;
    if (next.done === true) break;
    const chunk = Buffer.from(next.value as Buffer);
    chunks.push(chunk);
    bytes += chunk.length;
  }
  const head = Buffer.concat(chunks);
  return { head, whole: Readable.from(restOf(head, pending, iterator)) };
}

async function* restOf(
  head: Buffer,
  pending: Promise<IteratorResult<Buffer | string>> | null,
  iterator: AsyncIterator<Buffer | string>,
): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await (pending ?? iterator.next()); next.done !== true; next = await iterator.next()) {
    yield Buffer.from(next.value as Buffer);
  }
}

async function withinDelay<Value>(promise: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), stdinSampleDelayMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A copy of a stream's first part ends where the copying stopped: that is its end, not damage. */
function truncationProof(source: Source): Source {
  return {
    name: source.name,
    format: source.format,
    entityTold: source.entityTold ?? null,
    compression: source.compression,
    sessionBytesMax: source.sessionBytesMax,
    fingerprint: () => source.fingerprint(),
    async open(options) {
      const session = await source.open(options);
      return {
        get bytesRead() {
          return session.bytesRead;
        },
        get waitedSeconds() {
          return session.waitedSeconds;
        },
        get records() {
          return session.records;
        },
        read: async (buffer, grow, recordsMax) => {
          try {
            return await session.read(buffer, grow, recordsMax);
          } catch (error) {
            if (isPlimsollError(error) && error.code === "SOURCE_DAMAGED") return null;
            throw error;
          }
        },
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}
