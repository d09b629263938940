import { PlimsollError } from "../kernel/index.js";
import { type CompiledMapping, suggestionText } from "../model/index.js";
import { nostrEntity } from "../presets/index.js";
import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { readSmallBody, recordsOfBody } from "./record-bodies.js";

/** `POST /api/records`: answered when the records are on the disk, and every query sees them. */
export async function postRecords(exchange: Exchange): Promise<void> {
  const { request, response, query, live, relay, store } = exchange;
  const type = (request.headers["content-type"] ?? "").toLowerCase();
  const records = recordsOfBody(await readSmallBody(request), type.includes("ndjson"));
  if (live.isLookDue()) store.throwIfTight();
  const layer = await live.open(query.get("preset"));
  const name = query.get("entity");
  const entity = entityOf(name, await layer.mapping(name));
  const write = () => layer.write(records.map((bytes) => ({ entity, bytes })));
  const outcomes = entity === nostrEntity ? await relay.write(records, write) : await write();
  sendJson(response, 200, { outcomes });
}

function entityOf(asked: string | null, { entities }: CompiledMapping): string {
  const names = entities.map(({ name }) => name);
  if (asked === null) {
    if (names.length === 1) return names[0]!;
    const what = `the parameter entity must say which of ${names.join(", ")} the records are`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
  if (names.includes(asked)) return asked;
  const what = `there is no entity ${asked.slice(0, 64)}${suggestionText(asked, names)}`;
  throw new PlimsollError("REQUEST_INVALID", { what });
}
