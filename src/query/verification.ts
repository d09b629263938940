import { isPlimsollError, verifyFaultsMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledIndex } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import type { LiveRecord } from "./live-record.js";
import { MappedPages } from "./mapped-pages.js";
import { openQueryStore, type QueryStore } from "./query-store.js";
import { recordWalk } from "./store-walks.js";
import { UnreadableIds } from "./unreadable-ids.js";

export interface VerifyFault {
  kind: "block" | "record" | "posting" | "column" | "key" | "count";
  /** What is wrong, and where, in plain words. */
  text: string;
}

export interface VerifyResult {
  blocks: number;
  records: number;
  postings: number;
  columnValues: number;
  keys: number;
  faults: number;
  /** The first of them, up to a bound. */
  firstFaults: VerifyFault[];
}

export interface VerifyOptions {
  onFault?: (fault: VerifyFault) => void;
  signal?: AbortSignal;
  /** Folder for sorted references when a store has more links than are held in memory. */
  tempDir?: string;
  /** Bytes that are read before mapped pages are given back; what is mapped stays near it. */
  mappedBytesMax?: number;
}

/** What the parts of a verification share. */
export class Verification {
  readonly reader: StoreReader;
  readonly store: QueryStore;
  readonly options: VerifyOptions;
  readonly pages: MappedPages;
  /** As far as the lists of dead records can be read. */
  isDead: (id: number) => boolean = () => false;
  /** Ids whose records cannot be read: what else is known of them is held against nothing. */
  readonly unreadable = new UnreadableIds();
  readonly result: VerifyResult = {
    blocks: 0,
    records: 0,
    postings: 0,
    columnValues: 0,
    keys: 0,
    faults: 0,
    firstFaults: [],
  };

  constructor(reader: StoreReader, options: VerifyOptions) {
    this.reader = reader;
    this.options = options;
    this.store = openQueryStore(reader);
    this.pages = new MappedPages(reader, options.mappedBytesMax);
  }

  fault(kind: VerifyFault["kind"], text: string): void {
    const { result } = this;
    result.faults++;
    if (result.firstFaults.length < verifyFaultsMax) result.firstFaults.push({ kind, text });
    this.options.onFault?.({ kind, text });
  }

  /** Whether so many faults are known that nobody needs the places of more. */
  get hasEnough(): boolean {
    return this.result.faults >= verifyFaultsMax;
  }

  /** Between two steps: gives mapped pages back when there are enough of them. */
  async breathe(): Promise<void> {
    if (this.pages.isFull) await this.pages.release(this.options.signal);
  }

  get indexes(): { entity: CompiledEntity; field: CompiledField; index: CompiledIndex }[] {
    return this.store.mapping.entities.flatMap((entity) =>
      entity.fields.flatMap((field) => field.indexes.map((index) => ({ entity, field, index }))),
    );
  }
}

/** Ids from `start` up to, but not including, `end`. */
export interface IdRange {
  start: number;
  end: number;
}

/**
 * Records of a range, dead ones included, for those who look for the place of a fault: what cannot be read is
 * known by then, and passed over.
 */
export async function* readableRecords(
  run: Verification,
  range: IdRange,
): AsyncGenerator<{ record: LiveRecord; entity: CompiledEntity }> {
  const { store } = run;
  using walk = recordWalk(run, range.start);
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
    if (entry.firstId >= range.end) return;
    for (const record of recordsOf(run, entry)) {
      if (record.id < range.start || record.id >= range.end) continue;
      const entity = store.mapping.entities[record.entity];
      if (entity === undefined || run.unreadable.has(record.id)) continue;
      yield { record, entity };
    }
    await run.breathe();
  }
}

function recordsOf(run: Verification, entry: { firstId: number; block: Uint8Array }): LiveRecord[] {
  const { records } = run.store;
  try {
    const block = records.decode(entry.firstId, entry.block);
    return Array.from({ length: block.count }, (_, at) => records.inBlock(block, at));
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return [];
  }
}
