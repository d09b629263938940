import { PlimsollError } from "../kernel/index.js";
import type { LiveLayer, WriteOutcome } from "../live/index.js";
import {
  type CompiledEntity,
  type CompiledMapping,
  deletionFaultOf,
  suggestionText,
} from "../model/index.js";
import { nostrEntity } from "../presets/index.js";
import { sendJson } from "./answers.js";
import type { Exchange } from "./exchange.js";
import { deleteMatches, matchOf } from "./quad-deletion.js";
import { readSmallBody, recordsOfBody } from "./record-bodies.js";

/** What a line of statements of RDF begins with that holds none. */
const hash = 35;

/** `POST /api/records`: answered when the records are on the disk, and every query sees them. */
export async function postRecords(exchange: Exchange): Promise<void> {
  const { request, response, query, live, relay, store } = exchange;
  const type = (request.headers["content-type"] ?? "").toLowerCase();
  const isDeletion = isDeletionAsked(query.get("op"));
  const isOfQuads = /n-(quads|triples)/.test(type);
  const records = recordsOfBody(await readSmallBody(request), isOfQuads || type.includes("ndjson"));
  if (live.isLookDue()) store.throwIfTight();
  const layer = await live.open(query.get("preset"));
  const name = query.get("entity");
  const entity = entityOf(name, await layer.mapping(name));
  const fault = isDeletion ? deletionFaultOf(entity) : null;
  if (fault !== null) throw new PlimsollError("REQUEST_INVALID", { what: fault });
  if (isOfQuads) {
    const statements = records.filter((line) => line[0] !== hash);
    sendJson(response, 200, { outcomes: await writeQuads(exchange, layer, entity, statements, isDeletion) });
    return;
  }
  const write = () => layer.write(records.map((bytes) => ({ entity: entity.name, isDeletion, bytes })));
  const outcomes = entity.name === nostrEntity ? await relay.write(records, write) : await write();
  sendJson(response, 200, { outcomes });
}

/** Statements as they are, and those that delete all that they match. */
async function writeQuads(
  exchange: Exchange,
  layer: LiveLayer,
  entity: CompiledEntity,
  lines: readonly Uint8Array[],
  isDeletion: boolean,
): Promise<WriteOutcome[]> {
  if (entity.quads === undefined) {
    throw new PlimsollError("REQUEST_INVALID", { what: `records of ${entity.name} are no quads: send JSON` });
  }
  const matches = lines.map((line) => (isDeletion ? matchOf(line) : null));
  const whole = lines.filter((_, at) => matches[at] === null);
  const quads = await layer.quads(entity, whole, isDeletion);
  const records = quads.flatMap((quad) => (quad instanceof Uint8Array ? [quad] : []));
  const written = await layer.write(records.map((bytes) => ({ entity: entity.name, isDeletion, bytes })));
  const outcomes: WriteOutcome[] = [];
  for (const match of matches) {
    const quad = match === null ? quads.shift()! : null;
    if (match !== null) outcomes.push(await deleteMatches(exchange, layer, entity, match));
    else outcomes.push(quad instanceof Uint8Array ? written.shift()! : { state: "rejected", ...quad });
  }
  return outcomes;
}

function isDeletionAsked(op: string | null): boolean {
  if (op === null || op === "set" || op === "delete") return op === "delete";
  throw new PlimsollError("REQUEST_INVALID", { what: "op must be set or delete" });
}

function entityOf(asked: string | null, { entities }: CompiledMapping): CompiledEntity {
  const names = entities.map(({ name }) => name);
  if (asked === null) {
    if (names.length === 1) return entities[0]!;
    const what = `the parameter entity must say which of ${names.join(", ")} the records are`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
  const found = entities.find(({ name }) => name === asked);
  if (found !== undefined) return found;
  const what = `there is no entity ${asked.slice(0, 64)}${suggestionText(asked, names)}`;
  throw new PlimsollError("REQUEST_INVALID", { what });
}
