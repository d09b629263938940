import type { ErrorCode, Place } from "../kernel/index.js";
import {
  type Applied,
  addRowCounts,
  type PlaceEntry,
  type RowReject,
  type TableTargetSession,
} from "../ports/index.js";
import { openRowPage } from "../tables/index.js";
import type { Checkpoint } from "./checkpoint.js";
import { newRowTally, type RowTally } from "./row-tally.js";
import type { TimeSpent } from "./time-spent.js";
import type { OutputPart } from "./worker-protocol.js";

interface RejectNote {
  code: ErrorCode;
  reason: string;
  place: Place;
}

/** What an import lends to the work on its tables. */
export interface RowsRun {
  readonly state: Checkpoint;
  readonly spent: TimeSpent;
  readonly signal: AbortSignal;
  readonly progress: { tick(): void };
  serial<T>(work: () => Promise<T>): Promise<T>;
  commitNow(): Promise<void>;
  writeReject(reject: RejectNote & { head: Uint8Array }): void;
  abortOnReject(reject: RejectNote): void;
}

/** Applies what a worker has made of a batch, or of a part of it, to the open chunk. */
export async function applyRows(
  run: RowsRun,
  tables: TableTargetSession,
  place: PlaceEntry,
  output: ArrayBuffer,
  parts: readonly OutputPart[],
): Promise<void> {
  const pages = parts.flatMap((part) =>
    part.kind === "rows" ? [openRowPage(part.page, output, part.offset)] : [],
  );
  if (pages.length === 0) return;
  await run.serial(async () => {
    noteApplied(run, await run.spent.of("apply", () => tables.apply({ place, pages })));
  });
}

/** The counts of the chunk are whole once nothing waits in the target. */
export async function settleRows(run: RowsRun, tables: TableTargetSession): Promise<void> {
  noteApplied(run, await run.spent.of("apply", () => tables.settle()));
}

/**
 * What is done once, behind the load: links that lead nowhere, indexes, full-text. Every piece is one
 * transaction with the checkpoint that knows of it, so a killed import goes on with the next.
 */
export async function finishTables(run: RowsRun, tables: TableTargetSession): Promise<void> {
  const tally = tallyOf(run);
  for (const step of tables.afterSteps) {
    while (!tally.stepsDone.includes(step)) {
      run.signal.throwIfAborted();
      await run.serial(async () => {
        const piece = await run.spent.of("after", () => tables.afterLoad(step));
        tally.danglingLinks += piece.danglingLinks;
        if (piece.isDone) tally.stepsDone.push(step);
        await run.commitNow();
      });
      run.progress.tick();
    }
  }
}

function noteApplied(run: RowsRun, { counts, rejects }: Applied): void {
  addRowCounts(tallyOf(run), counts);
  for (const reject of rejects) rejectRow(run, reject);
}

function tallyOf({ state }: RowsRun): RowTally {
  state.rows ??= newRowTally();
  return state.rows;
}

function rejectRow(run: RowsRun, { place, ordinal, code, reason, head }: RowReject): void {
  tallyOf(run).rejected += 1;
  const { source, record } = place;
  run.writeReject({ code, reason, head, place: { source, record: record + ordinal } });
  run.abortOnReject({ code, reason, place: { source, record: record + ordinal } });
}
