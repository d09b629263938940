import { PlimsollError, queryTurnMs, systemClock } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import {
  explain,
  filterCountSteps,
  nostrCountSteps,
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
    const check = () => {
      signal.throwIfAborted();
      store.throwIfTight();
    };
    if (question.isExplain) sendJson(response, 200, { explain: explained(reader, question) });
    else if (question.isCount) {
      sendJson(response, 200, { count: await counted(reader, question, signal, check) });
    } else {
      const stream = new RecordStream(exchange, "application/x-ndjson", check);
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

async function counted(
  reader: StoreReader,
  { kind, filter }: Question,
  signal: AbortSignal,
  check: () => void,
): Promise<number> {
  const stepsOf = kind === "filter" ? filterCountSteps : nostrCountSteps;
  const steps = stepsOf(reader, filter, { signal });
  let turnAtMs = systemClock.nowMs();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (systemClock.nowMs() - turnAtMs < queryTurnMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turnAtMs = systemClock.nowMs();
    check();
  }
}

function explained(reader: StoreReader, { kind, filter }: Question): string[] {
  return kind === "filter" ? explain(reader, filter) : nostrExplain(reader, filter);
}
