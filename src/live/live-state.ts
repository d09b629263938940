import { assert, errorTable } from "../kernel/index.js";
import type { RecordCheck } from "../model/index.js";
import type { ColumnEntry, RecordBlockEntry, StoreReader } from "../ports/index.js";
import { keyRulesOf } from "../postings/index.js";
import { isRecordDead } from "../query/index.js";
import { deadReason, judgeKeys } from "./judge-keys.js";
import type { LiveLoader, Loaded } from "./live-loader.js";
import type { LoggedRecord } from "./live-log.js";
import { type LiveRun, mergeTail, runOf } from "./live-run.js";
import { type LiveSnapshot, OverlayReader } from "./overlay-reader.js";

/** What became of a record that was written. */
export interface WriteOutcome {
  state: "stored" | "duplicate" | "superseded" | "deleted" | "rejected";
  code?: string;
  reason?: string;
}

export interface Batch {
  records: readonly LoggedRecord[];
  firstId: number;
  loaded: Loaded[];
}

/** The live records above one sealed state, and what they took out of it. */
export class LiveState {
  /** The sealed state that all of it holds for. */
  readonly sealedText: string;
  readonly #loader: LiveLoader;
  readonly #check: RecordCheck | null;
  readonly #firstId: number;
  #nextId: number;
  readonly #blocks: RecordBlockEntry[] = [];
  readonly #columns = new Map<number, ColumnEntry[]>();
  readonly #runs: LiveRun[] = [];
  readonly #dead = new Set<number>();
  readonly #liveRecords: number[] = [];
  #snapshot: LiveSnapshot | null = null;

  constructor(sealed: StoreReader, loader: LiveLoader, check: RecordCheck | null) {
    this.sealedText = JSON.stringify(sealed.sealed);
    this.#loader = loader;
    this.#check = check;
    this.#firstId = sealed.sealed.nextId;
    this.#nextId = this.#firstId;
  }

  get isEmpty(): boolean {
    return this.#nextId === this.#firstId;
  }

  /** Makes blocks and postings of records; nothing is seen of them yet. */
  load(sealed: StoreReader, records: readonly LoggedRecord[]): Batch {
    const loaded: Loaded[] = [];
    for (let from = 0; from < records.length; ) {
      const name = records[from]!.entity;
      let to = from;
      while (to < records.length && records[to]!.entity === name) to++;
      const entity = sealed.mapping.entities.find((candidate) => candidate.name === name);
      assert(entity !== undefined, "a live record's entity is in the mapping");
      const bytes = records.slice(from, to).map((record) => record.bytes);
      loaded.push(this.#loader.load(entity, bytes, this.#nextId + from, this.#check));
      from = to;
    }
    return { records, firstId: this.#nextId, loaded };
  }

  /** Settles a batch against all that is there, and has it seen from now on. */
  adopt(sealed: StoreReader, { records, firstId, loaded }: Batch): WriteOutcome[] {
    assert(firstId === this.#nextId, "a batch is adopted where it was loaded");
    const { kernel } = this.#loader;
    const { mapping } = sealed;
    const streams = loaded.flatMap(({ keys }) => keys);
    const judged =
      streams.length === 0
        ? { dead: new Map<number, number>(), keys: [] }
        : judgeKeys(kernel, mapping, this.overlay(sealed), streams, firstId);
    for (const part of loaded) this.#take(part);
    this.#nextId = firstId + records.length;
    for (const [at, tuples] of loaded.flatMap((part) => part.tuples).entries()) {
      this.#runs.push(runOf(tuples, at === 0 ? judged.keys : []));
    }
    for (const id of judged.dead.keys()) this.#bury(sealed, id);
    mergeTail(kernel, this.#runs, keyRulesOf(mapping).length);
    this.#snapshot = null;
    const rejects = new Map(loaded.flatMap((part) => [...part.rejects]));
    return records.map((_, at) => outcomeOf(rejects.get(firstId + at), judged.dead.get(firstId + at)));
  }

  /** The store as it stands now, over a reader of the same sealed state. */
  overlay(sealed: StoreReader): OverlayReader {
    this.#snapshot ??= this.#takeSnapshot();
    return new OverlayReader(sealed, this.#snapshot);
  }

  #take({ blocks, columns }: Loaded): void {
    for (const entry of blocks) {
      const { block } = entry;
      const count = new DataView(block.buffer, block.byteOffset).getUint16(recordCountAt, true);
      const entity = block[1]!;
      this.#liveRecords[entity] = (this.#liveRecords[entity] ?? 0) + count;
      this.#blocks.push(entry);
    }
    for (const { index, firstId, chunk } of columns) {
      const chunks = this.#columns.get(index) ?? [];
      this.#columns.set(index, chunks);
      chunks.push({ firstId, chunk });
    }
  }

  #bury(sealed: StoreReader, id: number): void {
    if (this.#dead.has(id) || (id < this.#firstId && isRecordDead(sealed, id))) return;
    const block = id < this.#firstId ? sealed.recordBlock(id) : this.#blockOf(id);
    const entity = block!.block[1]!;
    this.#dead.add(id);
    this.#liveRecords[entity] = (this.#liveRecords[entity] ?? 0) - 1;
  }

  #blockOf(id: number): RecordBlockEntry | undefined {
    return this.#blocks.findLast(({ firstId }) => firstId <= id);
  }

  #takeSnapshot(): LiveSnapshot {
    const dead = this.#loader.deadBlocks([...this.#dead].sort((left, right) => left - right));
    return {
      firstId: this.#firstId,
      nextId: this.#nextId,
      blocks: this.#blocks,
      blockCount: this.#blocks.length,
      columns: this.#columns,
      runs: dead.length === 0 ? [...this.#runs] : [...this.#runs, runOf(dead, [])],
      liveRecords: [...this.#liveRecords],
      deadRecords: this.#dead.size,
    };
  }
}

/** In the head of a record block: see record-block.ts of postings. */
const recordCountAt = 2;

function outcomeOf(
  reject: { code: string; reason: string } | undefined,
  reason: number | undefined,
): WriteOutcome {
  if (reject !== undefined) return { state: "rejected", ...reject };
  if (reason === deadReason.duplicate) return { state: "duplicate" };
  if (reason === deadReason.superseded || reason === deadReason.replaced) return { state: "superseded" };
  if (reason === deadReason.deleted) return { state: "deleted" };
  if (reason === deadReason.rejected) return { state: "rejected", ...keyTaken };
  return { state: "stored" };
}

const keyTaken = { code: "CONFLICT_REJECTED", reason: errorTable.CONFLICT_REJECTED.message };
