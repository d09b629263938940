import { PlimsollError } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import {
  count,
  explain,
  nostrCount,
  nostrExplain,
  nostrQuery,
  type QueryResult,
  query,
} from "../query/index.js";
import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { readJsonBody } from "./json-body.js";
import { RecordStream } from "./record-stream.js";

const members = ["filter", "nostr", "count", "explain"];

interface Question {
  kind: "filter" | "nostr";
  filter: unknown;
  isCount: boolean;
  isExplain: boolean;
}

/** `POST /api/query`: records as lines, as they are found; or their number, or the plan. */
export async function postQuery(exchange: Exchange): Promise<void> {
  const { request, response, store, signal } = exchange;
  const question = questionOf(await readJsonBody(request));
  await store.use(signal, async (reader, signal) => {
    if (question.isExplain) sendJson(response, 200, { explain: explained(reader, question) });
    else if (question.isCount) sendJson(response, 200, { count: counted(reader, question, signal) });
    else {
      const stream = new RecordStream(response, "application/x-ndjson", signal);
      for (const { bytes } of found(reader, question, signal)) await stream.writeLine(bytes);
      stream.end();
    }
  });
}

function questionOf(body: Record<string, unknown>): Question {
  const unknown = Object.keys(body).find((name) => !members.includes(name));
  if (unknown !== undefined) {
    const what = `its body has a member ${unknown.slice(0, 64)}, and takes ${members.join(", ")}`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
  if ((body.filter === undefined) === (body.nostr === undefined)) {
    throw new PlimsollError("REQUEST_INVALID", { what: "its body must have either a filter or nostr" });
  }
  return {
    kind: body.filter === undefined ? "nostr" : "filter",
    filter: body.filter ?? body.nostr,
    isCount: flagOf(body, "count"),
    isExplain: flagOf(body, "explain"),
  };
}

function flagOf(body: Record<string, unknown>, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value === "boolean") return value;
  throw new PlimsollError("REQUEST_INVALID", { what: `${name} must be true or false` });
}

function found(reader: StoreReader, { kind, filter }: Question, signal: AbortSignal): Iterable<QueryResult> {
  return kind === "filter" ? query(reader, filter, { signal }) : nostrQuery(reader, filter, { signal });
}

function counted(reader: StoreReader, { kind, filter }: Question, signal: AbortSignal): number {
  return kind === "filter" ? count(reader, filter, { signal }) : nostrCount(reader, filter, { signal });
}

function explained(reader: StoreReader, { kind, filter }: Question): string[] {
  return kind === "filter" ? explain(reader, filter) : nostrExplain(reader, filter);
}
