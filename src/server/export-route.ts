import { exportTurnBytes, isPlimsollError, PlimsollError } from "../kernel/index.js";
import { type ExportOptions, exportPlace, openExport } from "../query/index.js";
import type { Exchange } from "./exchange.js";
import { RecordStream } from "./record-stream.js";
import type { PausingReader } from "./store-access.js";

const types = { jsonl: "application/x-ndjson", csv: "text/csv; charset=utf-8" } as const;

/** Where an export stands: it outlives the reader that it began with. */
interface Progress {
  nextId: number | null;
  isHeadSent: boolean;
}

/**
 * `GET /api/export`: everything, or everything that matches, by rising record id. It goes by turns: what an
 * import seals between two of them is exported too when its turn comes.
 */
export async function getExport(exchange: Exchange): Promise<void> {
  const { query, response, store, signal } = exchange;
  const options = optionsOf(query);
  const stream = new RecordStream(response, types[options.format], () => {
    signal.throwIfAborted();
    store.throwIfTight();
  });
  const cursor = query.get("cursor");
  // The header row went with the part before the cursor.
  const progress: Progress = { nextId: cursor === null ? 0 : null, isHeadSent: cursor !== null };
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
      stream.add(line);
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
  const format = query.get("format") ?? "jsonl";
  if (format !== "jsonl" && format !== "csv") {
    throw new PlimsollError("REQUEST_INVALID", { what: "the parameter format must be jsonl or csv" });
  }
  return {
    format,
    ...(entity === null ? {} : { entity }),
    ...(filter === null ? {} : { filter }),
    ...(nostr === null ? {} : { nostr }),
  };
}
