import { exportTurnBytes, isPlimsollError, PlimsollError } from "../kernel/index.js";
import { type ExportOptions, exportFormats, exportPlace, openExport } from "../query/index.js";
import type { Exchange } from "./exchange.js";
import { RecordStream } from "./record-stream.js";
import type { PausingReader } from "./store-access.js";

const types = {
  jsonl: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  nquads: "application/n-quads",
  "dgraph-rdf": "application/rdf",
} as const;

const closingBrace = Buffer.from("}");

/** Where an export stands: it outlives the reader that it began with. */
interface Progress {
  nextId: number | null;
  isHeadSent: boolean;
  /** Each record says where it stands, so that the export can go on behind it whatever becomes of it. */
  hasPlaces: boolean;
}

/**
 * `GET /api/export`: everything, or everything that matches, by rising record id. It goes by turns: what an
 * import seals between two of them is exported too when its turn comes. A record keeps its id for good, and
 * what takes its place has a higher one: so what stays from the first turn to the last comes once, however
 * often the export is cut and goes on.
 */
export async function getExport(exchange: Exchange): Promise<void> {
  const { query, store, signal } = exchange;
  const options = optionsOf(query);
  const stream = new RecordStream(exchange, types[options.format], () => {
    signal.throwIfAborted();
    store.throwIfTight();
  });
  const [cursor, after] = [query.get("cursor"), afterOf(query)];
  const progress: Progress = {
    nextId: after === null ? (cursor === null ? 0 : null) : after + 1,
    // The header row went with the part before.
    isHeadSent: cursor !== null || after !== null,
    hasPlaces: placesOf(query, options),
  };
  for (let isWhole = false; !isWhole; ) {
    try {
      isWhole = await store.useAlone(signal, async (reader) => {
        progress.nextId ??= exportPlace(reader.reader, options, cursor!) + 1;
        return await exportFrom(reader, options, stream, progress);
      });
      await stream.flush();
    } catch (error) {
      if (!isPlimsollError(error) || error.code !== "STORE_CHANGED") throw error;
    }
  }
  stream.end();
}

/** Goes on until all is sent (true), or the client is behind: nobody waits for it with the store in hand. */
async function exportFrom(
  { reader, pause }: PausingReader,
  options: ExportOptions,
  stream: RecordStream,
  progress: Progress,
): Promise<boolean> {
  const { head, lineEnd, records } = openExport(reader, options);
  if (head !== null && !progress.isHeadSent) stream.add(head);
  progress.isHeadSent = true;
  while (!stream.isBehind) {
    let bytes = 0;
    for (const { id, line } of records(progress.nextId!)) {
      if (progress.hasPlaces) stream.add(Buffer.from(`{"place":${id},"record":`));
      stream.add(line);
      if (progress.hasPlaces) stream.add(closingBrace);
      stream.add(lineEnd);
      progress.nextId = id + 1;
      bytes += line.length;
      if (bytes >= exportTurnBytes) break;
    }
    if (bytes < exportTurnBytes) return true;
    await pause();
  }
  return false;
}

function optionsOf(query: URLSearchParams): ExportOptions {
  const [entity, filter, nostr] = [query.get("entity"), query.get("filter"), query.get("nostr")];
  const asked = query.get("format") ?? "jsonl";
  const format = exportFormats.find((one) => one === asked);
  if (format === undefined) {
    const what = `the parameter format must be one of ${exportFormats.join(", ")}`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
  return {
    format,
    ...(entity === null ? {} : { entity }),
    ...(filter === null ? {} : { filter }),
    ...(nostr === null ? {} : { nostr }),
  };
}

function afterOf(query: URLSearchParams): number | null {
  const text = query.get("after");
  if (text === null) return null;
  const refuse = (what: string) => new PlimsollError("REQUEST_INVALID", { what });
  if (query.has("cursor")) throw refuse("after and cursor both say where to go on");
  const place = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(place)) return place;
  throw refuse("the parameter after must be the place of a record");
}

function placesOf(query: URLSearchParams, { format }: ExportOptions): boolean {
  const text = query.get("places") ?? "false";
  const refuse = (what: string) => new PlimsollError("REQUEST_INVALID", { what });
  if (text === "false") return false;
  if (text !== "" && text !== "true") throw refuse("the parameter places must be true or false");
  if (format !== "jsonl") throw refuse("places are for the format jsonl");
  return true;
}
