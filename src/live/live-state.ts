import { assert, errorTable } from "../kernel/index.js";
import type { CompiledEntity, CompiledMapping, RecordCheck } from "../model/index.js";
import type { SealedState, StoreReader } from "../ports/index.js";
import { keyRulesOf } from "../postings/index.js";
import { isRecordDead } from "../query/index.js";
import type { FilterCopies } from "./filter-copies.js";
import { type ImportMark, withOutcomes } from "./import-mark.js";
import { deadReason, type Judgement, judgeKeys } from "./judge-keys.js";
import type { KeyFilter } from "./key-filter.js";
import type { KnownKeys } from "./known-keys.js";
import type { LiveLoader, Loaded } from "./live-loader.js";
import type { LoggedRecord } from "./live-log.js";
import { LivePart, StoredBlocks } from "./live-part.js";
import { mergeTail, runOf } from "./live-run.js";
import { type LiveSnapshot, OverlayReader } from "./overlay-reader.js";

/** What became of a record that was written. */
export interface WriteOutcome {
  /** A deletion is `deleted` like what it takes out. */
  state: "stored" | "duplicate" | "superseded" | "deleted" | "rejected";
  code?: string;
  reason?: string;
}

type Reject = { code: string; reason: string };

export interface Batch {
  /** Those that are records, in order: they have the ids from `firstId` on. */
  kept: readonly LoggedRecord[];
  firstId: number;
  loaded: Loaded[];
  /** Those that are none, by their place in what was written. */
  rejects: Map<number, Reject>;
  count: number;
}

/** What became of a batch. */
export interface Adopted {
  outcomes: WriteOutcome[];
  /** Records that live in the place of a former one. */
  replaced: number;
}

export interface StateTools {
  loader: LiveLoader;
  filter: KeyFilter;
  copies: FilterCopies;
  known: KnownKeys;
  check: RecordCheck | null;
}

/**
 * The live records above one sealed state, in parts, and what they took out of it. Ids go on where those of
 * the sealed state end: a part that is folded keeps its own, and the parts behind it hold as they are.
 */
export class LiveState {
  readonly #tools: StateTools;
  readonly #stored = new StoredBlocks();
  readonly parts: LivePart[] = [];
  /** The sealed state that all of it holds for. */
  #base: string;
  /** As one that asked had it last. */
  #known: SealedState | null = null;
  #snapshot: LiveSnapshot | null = null;

  constructor(sealed: SealedState, tools: StateTools, partNumber: number) {
    this.#base = baseOf(sealed);
    this.#tools = tools;
    this.parts.push(new LivePart(partNumber, sealed.nextId));
  }

  /** Whether it holds for this state: segments may have been merged, records have not come or gone. */
  isAbove(sealed: SealedState): boolean {
    if (sealed === this.#known) return true;
    if (this.#base !== baseOf(sealed)) return false;
    this.#known = sealed;
    return true;
  }

  get records(): number {
    return this.parts.reduce((sum, part) => sum + part.records, 0);
  }

  get bytes(): number {
    return this.parts.reduce((sum, part) => sum + part.bytes, 0);
  }

  get writing(): LivePart {
    return this.parts.at(-1)!;
  }

  /** What comes from now on is of another log. */
  beginPart(number: number): void {
    this.parts.push(new LivePart(number, this.writing.nextId));
  }

  /** The first part lies in the store now. */
  dropFirst(sealed: SealedState): void {
    const part = this.parts.shift()!;
    assert(part.nextId === sealed.nextId, "a part is folded with the ids that it had");
    this.#base = baseOf(sealed);
    this.#known = sealed;
    this.#stored.dropBelow(part.nextId);
    this.#snapshot = null;
  }

  /** Makes blocks and postings of records; nothing is seen of them yet. */
  load(reader: StoreReader, records: readonly LoggedRecord[]): Batch {
    const firstId = this.writing.nextId;
    const loaded = this.#loadAll(reader, records, firstId);
    const rejects = rejectsOf(loaded, firstId);
    const { length: count } = records;
    if (rejects.size === 0) return { kept: records, firstId, loaded, rejects, count };
    // Once more without them, so that ids follow one another as the records of the log do.
    const kept = records.filter((_, at) => !rejects.has(at));
    return { kept, firstId, loaded: this.#loadAll(reader, kept, firstId), rejects, count };
  }

  /** Settles a batch against all that is there, and has it seen from now on. */
  adopt(reader: StoreReader, { kept, firstId, loaded, rejects, count }: Batch): Adopted {
    const part = this.writing;
    assert(firstId === part.nextId, "a batch is adopted where it was loaded");
    const { loader, filter, copies, known } = this.#tools;
    const { mapping } = reader;
    const streams = loaded.flatMap(({ keys }) => keys);
    const runs = this.parts.flatMap((each) => each.runs);
    const judged =
      streams.length === 0
        ? nothingJudged
        : judgeKeys(loader.kernel, mapping, { reader, runs, filter, copies, known }, streams, firstId);
    for (const each of loaded) {
      part.take(each);
      this.#stored.take(each);
    }
    part.nextId = firstId + kept.length;
    const tuples = loaded.flatMap((each) => each.tuples);
    if (tuples.length === 0 && judged.keys.length > 0) tuples.push([]);
    for (const [at, run] of tuples.entries()) part.runs.push(runOf(run, at === 0 ? judged.keys : []));
    for (const [id, reason] of judged.dead) this.#bury(reader, part, id, reason);
    mergeTail(loader.kernel, part.runs, keyRulesOf(mapping).length);
    this.#snapshot = null;
    let id = firstId;
    const keptOutcomes = kept.map((): WriteOutcome => {
      const own = id++;
      return outcomeOf(judged.deletions.has(own) ? deadReason.deleted : judged.dead.get(own));
    });
    noteImported(part, kept, keptOutcomes, judged.replacing);
    const outcomes = rejects.size === 0 ? keptOutcomes : withRejects(keptOutcomes, rejects, count);
    return { outcomes, replaced: judged.replacing };
  }

  /** The store as it stands now, over a reader of the same sealed state. */
  overlay(reader: StoreReader): OverlayReader {
    this.#snapshot ??= this.#takeSnapshot();
    return new OverlayReader(reader, this.#snapshot);
  }

  #loadAll(reader: StoreReader, records: readonly LoggedRecord[], firstId: number): Loaded[] {
    const { loader, check } = this.#tools;
    return loadRecords(reader.mapping, records, firstId, (entity, bytes, id, isDeleting) =>
      loader.load(entity, bytes, id, { check, isDeleting }),
    );
  }

  #bury(reader: StoreReader, part: LivePart, id: number, reason: number): void {
    const { firstId } = this.parts[0]!;
    if (this.parts.some(({ dead }) => dead.has(id)) || (id < firstId && isRecordDead(reader, id))) return;
    const block = id < firstId ? reader.recordBlock(id) : this.#stored.blockOf(id);
    part.dead.set(id, reason);
    part.countLive(block!.block[1]!, -1);
  }

  #takeSnapshot(): LiveSnapshot {
    const dead = this.#tools.loader.deadBlocks(
      this.parts.flatMap((part) => [...part.dead]).sort(([left], [right]) => left - right),
    );
    const runs = this.parts.flatMap((part) => part.runs);
    const liveRecords: number[] = [];
    for (const part of this.parts) {
      part.liveRecords.forEach((count, entity) => {
        liveRecords[entity] = (liveRecords[entity] ?? 0) + count;
      });
    }
    return {
      firstId: this.parts[0]!.firstId,
      nextId: this.writing.nextId,
      blocks: this.#stored.blocks,
      blockCount: this.#stored.blocks.length,
      columns: this.#stored.columns,
      runs: dead.length === 0 ? runs : [...runs, runOf(dead, [])],
      liveRecords,
      deadRecords: this.parts.reduce((sum, part) => sum + part.dead.size, 0),
    };
  }
}

/** Notes how far an import has come whose records these are. */
function noteImported(
  part: LivePart,
  kept: readonly LoggedRecord[],
  outcomes: readonly WriteOutcome[],
  replaced: number,
): void {
  let last: ImportMark | undefined;
  for (let from = 0; from < kept.length; ) {
    const { mark } = kept[from]!;
    let to = from;
    while (to < kept.length && kept[to]!.mark === mark) to++;
    if (mark !== undefined) part.imported = withOutcomes(part.imported, mark, outcomes.slice(from, to));
    last = mark ?? last;
    from = to;
  }
  if (last !== undefined) part.imported!.counts.replaced += replaced;
}

/** Records that follow one another and are of one entity go together, deletions and others apart. */
export function loadRecords(
  mapping: CompiledMapping,
  records: readonly LoggedRecord[],
  firstId: number,
  load: (entity: CompiledEntity, bytes: Uint8Array[], firstId: number, isDeleting: boolean) => Loaded,
): Loaded[] {
  const loaded: Loaded[] = [];
  for (let from = 0; from < records.length; ) {
    const { entity: name, isDeletion = false } = records[from]!;
    const isAlike = (other: LoggedRecord) =>
      other.entity === name && (other.isDeletion ?? false) === isDeletion;
    let to = from;
    while (to < records.length && isAlike(records[to]!)) to++;
    const entity = mapping.entities.find((candidate) => candidate.name === name);
    assert(entity !== undefined, "a live record's entity is in the mapping");
    const bytes = records.slice(from, to).map((record) => record.bytes);
    loaded.push(load(entity, bytes, firstId + from, isDeletion));
    from = to;
  }
  return loaded;
}

function rejectsOf(loaded: readonly Loaded[], firstId: number): Map<number, Reject> {
  return new Map(loaded.flatMap((each) => [...each.rejects].map(([id, reject]) => [id - firstId, reject])));
}

/** Everything that live records are settled against, in a text. */
function baseOf({ nextId, deadRecords, liveRecords, lastImport }: SealedState): string {
  return JSON.stringify([nextId, deadRecords, liveRecords, lastImport]);
}

/** The same object for all that met the same: most of them were stored. */
function outcomeOf(reason: number | undefined): WriteOutcome {
  if (reason === undefined) return stored;
  if (reason === deadReason.duplicate) return duplicate;
  if (reason === deadReason.superseded || reason === deadReason.replaced) return superseded;
  if (reason === deadReason.deleted) return deleted;
  return reason === deadReason.rejected ? keyTaken : stored;
}

/** Those that were taken and those that were not, each in its place. */
function withRejects(
  kept: readonly WriteOutcome[],
  rejects: Batch["rejects"],
  count: number,
): WriteOutcome[] {
  let next = 0;
  return Array.from({ length: count }, (_, at) => {
    const reject = rejects.get(at);
    return reject === undefined ? kept[next++]! : { state: "rejected", ...reject };
  });
}

const nothingJudged: Judgement = { dead: new Map(), deletions: new Set(), replacing: 0, keys: [] };

const outcomeIn = (state: WriteOutcome["state"]): WriteOutcome => Object.freeze({ state });
const [stored, duplicate] = [outcomeIn("stored"), outcomeIn("duplicate")];
const [superseded, deleted] = [outcomeIn("superseded"), outcomeIn("deleted")];
const keyTaken: WriteOutcome = Object.freeze({
  state: "rejected",
  code: "CONFLICT_REJECTED",
  reason: errorTable.CONFLICT_REJECTED.message,
});
