import type { IdScope, PartScope, SegmentScope } from "../../ports/index.js";
import { columnKey, idOfRecordKey, partsOfColumnKey, recordKey, segmentKey } from "./binary-keys.js";
import type { TableName } from "./environment.js";
import { bytesLeftOut, idPrefix, segmentPrefix, segmentTables } from "./part-keys.js";
import type { PartSlab } from "./part-slab.js";

/** What a walk asks of a store; another one may answer from one step to the next. */
export interface PartView {
  range(table: TableName, start: Buffer, end: Buffer): Iterable<{ key: Buffer; value: Buffer }>;
  firstKey(table: TableName, start: Buffer): Buffer | undefined;
}

/** Keys of one table that follow one another in the walk, and what stands in front of them there. */
interface WalkRange {
  table: TableName;
  start: Buffer;
  end: Buffer;
  prefix: Buffer;
}

/** Goes through a scope slab by slab: where it stands is all that it keeps between them. */
export class PartWalk {
  readonly #steps: Steps;
  #current: WalkRange | null = null;
  isDone = false;

  constructor(scope: PartScope) {
    this.#steps = scope.kind === "ids" ? new IdSteps(scope) : new SegmentSteps(scope);
  }

  /** Fills the slab with the entries that come next. */
  fill(view: PartView, slab: PartSlab): void {
    for (;;) {
      this.#current ??= this.#steps.next(view);
      const current = this.#current;
      if (current === null) {
        this.isDone = true;
        return;
      }
      const { table, start, end, prefix } = current;
      for (const { key, value } of view.range(table, start, end)) {
        if (slab.add(prefix, key.subarray(bytesLeftOut(table)), value)) continue;
        current.start = Buffer.from(key);
        return;
      }
      this.#current = null;
    }
  }
}

interface Steps {
  next(view: PartView): WalkRange | null;
}

/**
 * Batch by batch, as the import brought them: its records, then its columns one after another, then its
 * place.
 */
class IdSteps implements Steps {
  readonly #endId: number;
  #batchId: number;
  #waiting: WalkRange[] = [];
  #indexes: readonly number[] | null = null;

  constructor({ firstId, endId }: IdScope) {
    this.#batchId = firstId;
    this.#endId = endId;
  }

  next(view: PartView): WalkRange | null {
    if (this.#waiting.length === 0 && this.#batchId < this.#endId) this.#waiting = this.#batch(view);
    return this.#waiting.shift() ?? null;
  }

  #batch(view: PartView): WalkRange[] {
    // Indexes of later imports have nothing for these ids.
    this.#indexes ??= columnIndexes(view);
    const firstId = this.#batchId;
    const found = view.firstKey("places", recordKey(firstId + 1));
    const endId = found === undefined ? this.#endId : Math.min(this.#endId, idOfRecordKey(found));
    this.#batchId = endId;
    const ids = { start: recordKey(firstId), end: recordKey(endId) };
    const columns = this.#indexes.map((index) => ({
      table: "columns" as const,
      start: columnKey(index, firstId),
      end: columnKey(index, endId),
      prefix: idPrefix(firstId, "columns"),
    }));
    return [
      { table: "records", ...ids, prefix: idPrefix(firstId, "records") },
      ...columns,
      { table: "places", ...ids, prefix: idPrefix(firstId, "places") },
    ];
  }
}

/** Indexes that have a column, found with one look each. */
export function columnIndexes(view: PartView): number[] {
  const indexes: number[] = [];
  for (let next = 0; ; ) {
    const key = view.firstKey("columns", columnKey(next, 0));
    if (key === undefined) return indexes;
    const { index } = partsOfColumnKey(key);
    indexes.push(index);
    next = index + 1;
  }
}

class SegmentSteps implements Steps {
  readonly #waiting: WalkRange[];

  constructor({ segment: { number }, from, to }: SegmentScope) {
    const [fromTable, toTable] = [from[0] ?? 0, to?.[0] ?? segmentTables.length];
    this.#waiting = segmentTables.flatMap((table, at) => {
      if (at < fromTable || at > toTable) return [];
      const start = at === fromTable ? from.subarray(1) : new Uint8Array();
      const end = at === toTable ? [segmentKey(number), to!.subarray(1)] : [segmentKey(number + 1)];
      return {
        table,
        start: Buffer.concat([segmentKey(number), start]),
        end: Buffer.concat(end),
        prefix: segmentPrefix(table),
      };
    });
  }

  next(): WalkRange | null {
    return this.#waiting.shift() ?? null;
  }
}
