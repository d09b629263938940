import { assert } from "../kernel/index.js";
import type { RowForm, RowPage, RowTarget, TablePlan } from "../tables/index.js";
import type { PlaceEntry, SealedState, StoreReader } from "./store-reader.js";
import { type CheckpointJson, type TargetCapabilities, TargetSession } from "./target.js";

/** What a relational target can do, as every one of them. */
export const tableCapabilities: TargetCapabilities = { sortedAppend: false, durable: true, tables: true };

/** The rows of one batch: views that live until the call returns. */
export interface RowBatch {
  /** Where the batch stands in its source: it comes back with its rejects. */
  place: PlaceEntry;
  /** In the order of the records; pages of a table's lists may come before or behind its own. */
  pages: readonly RowPage[];
}

/**
 * What became of records, each by what it did when its turn came, in the order of the source: it made a row
 * (stored), changed the row of its key (replaced), met a newer one (superseded) or one that stays
 * (duplicates), or was a tombstone or met a newer one (deleted). So the counts are the same whatever the
 * chunks are.
 */
export interface RowCounts {
  stored: number;
  replaced: number;
  superseded: number;
  duplicates: number;
  deleted: number;
}

/** A record that the database did not take, or that a rule turned down. */
export interface RowReject {
  place: PlaceEntry;
  /** The record within its batch. */
  ordinal: number;
  code: "ROW_REFUSED" | "CONFLICT_REJECTED";
  reason: string;
  /** What it held, as JSON, cut off. */
  head: Uint8Array;
}

export interface Applied {
  counts: RowCounts;
  rejects: RowReject[];
}

/** What one piece of work behind the load did. */
export interface AfterLoad {
  /** False when the step has more to do: it is called again behind a commit. */
  isDone: boolean;
  /** Links that led nowhere and were taken out. */
  danglingLinks: number;
}

export function noRowCounts(): RowCounts {
  return { stored: 0, replaced: 0, superseded: 0, duplicates: 0, deleted: 0 };
}

export function addRowCounts(sum: RowCounts, more: RowCounts): void {
  for (const name of Object.keys(more) as (keyof RowCounts)[]) sum[name] += more[name];
}

/**
 * One writer's session with a relational database. Rows are applied in the order of the source; what was
 * applied since the last commit and the checkpoint given to the next are one transaction (a chunk). An
 * adapter writes the verbs `_checkpoint`, `_finished`, `_apply`, `_settle`, `_commit`, `_forget`,
 * `_afterLoad`, `_publish` and `_close`; those of sorted blocks are not for tables.
 */
export abstract class TableTargetSession extends TargetSession {
  /** How the records lie in the tables; workers write pages by it. */
  abstract readonly tables: TablePlan;
  protected readonly _rowForm: RowForm = "tuples";
  /** What is to be done once behind the load, by name and in order; each is done in pieces that commit. */
  abstract readonly afterSteps: readonly string[];
  /** Readers of tables need nothing sealed: a table is what it is. */
  override readonly sealed: SealedState | null = null;
  protected override readonly capabilities = tableCapabilities;

  get rowTarget(): RowTarget {
    return { plan: this.tables, form: this._rowForm };
  }

  /** Applies the rows of one batch to the open chunk, now or until `settle`. */
  async apply(batch: RowBatch): Promise<Applied> {
    this.assertOpen();
    return this._apply(batch);
  }

  /** Applies what still waits in the adapter, so that the counts of the chunk are whole before its commit. */
  async settle(): Promise<Applied> {
    this.assertOpen();
    return this._settle();
  }

  /** Does a piece of a step of `afterSteps`; it counts from the next `commit`. */
  async afterLoad(step: string): Promise<AfterLoad> {
    this.assertOpen();
    assert(this.afterSteps.includes(step), "a step of this session");
    return this._afterLoad(step);
  }

  protected abstract _apply(batch: RowBatch): Promise<Applied>;
  protected abstract _settle(): Promise<Applied>;
  protected abstract _afterLoad(step: string): Promise<AfterLoad>;
  protected abstract override _publish(
    sealed: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void>;

  protected override async _append(): Promise<void> {
    throw new TypeError("tables take rows, no blocks");
  }

  /** Nothing waits in memory beyond the database's own bounds. */
  protected override async _flush(): Promise<boolean> {
    return false;
  }

  /** What was not committed ended with the session that applied it. */
  protected override async _rollback(): Promise<void> {}

  protected override async _releaseMapped(): Promise<void> {}

  protected override async _appendTupleBlock(): Promise<void> {
    throw new TypeError("tables take no sorted blocks");
  }

  protected override async _appendKeyBlock(): Promise<void> {
    throw new TypeError("tables take no sorted blocks");
  }

  protected override async _dropSegments(): Promise<void> {
    throw new TypeError("tables have no segments");
  }

  protected override _reader(): StoreReader {
    throw new TypeError("tables are read by their database");
  }
}
