import type { Applied, RowReject, TableTargetSession } from "../ports/index.js";
import { addRowCounts, noRowCounts, type PlaceEntry, type RowCounts } from "../ports/index.js";
import { openRowPage } from "../tables/index.js";
import type { ImportRun } from "./import-run.js";
import type { OutputPart } from "./worker-protocol.js";

/** What became of the records in tables, as far as it is committed with the checkpoint that holds it. */
export interface RowTally extends RowCounts {
  rejected: number;
  danglingLinks: number;
  /** Steps behind the load that are done. */
  stepsDone: string[];
}

export function newRowTally(): RowTally {
  return { ...noRowCounts(), rejected: 0, danglingLinks: 0, stepsDone: [] };
}

/** Applies what a worker has made of a batch, or of a part of it, to the open chunk. */
export async function applyRows(
  run: ImportRun,
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
export async function settleRows(run: ImportRun, tables: TableTargetSession): Promise<void> {
  noteApplied(run, await run.spent.of("apply", () => tables.settle()));
}

/**
 * What is done once, behind the load: links that lead nowhere, indexes, full-text. Every piece is one
 * transaction with the checkpoint that knows of it, so a killed import goes on with the next.
 */
export async function finishTables(run: ImportRun, tables: TableTargetSession): Promise<void> {
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

function noteApplied(run: ImportRun, { counts, rejects }: Applied): void {
  addRowCounts(tallyOf(run), counts);
  for (const reject of rejects) rejectRow(run, reject);
}

function tallyOf({ state }: ImportRun): RowTally {
  state.rows ??= newRowTally();
  return state.rows;
}

function rejectRow(run: ImportRun, { place, ordinal, code, reason, head }: RowReject): void {
  tallyOf(run).rejected += 1;
  const { source, record } = place;
  run.writeReject({ code, reason, head, place: { source, record: record + ordinal } });
  run.abortOnReject({ code, reason, place: { source, record: record + ordinal } });
}
