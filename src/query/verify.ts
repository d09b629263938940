import { verifyColumnRows, verifyFaultsMax, verifyReferencesMax } from "../kernel/index.js";
import { eventsEntity } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { findColumnFaults } from "./find-column-faults.js";
import { findKeyFaults } from "./find-key-faults.js";
import { findPostingFaults } from "./find-posting-faults.js";
import { PassBudget } from "./pass-budget.js";
import { Verification, type VerifyFault, type VerifyOptions, type VerifyResult } from "./verification.js";
import { cellLayout, differingRanges } from "./verify-cells.js";
import { verifyColumns } from "./verify-columns.js";
import { readDead } from "./verify-dead.js";
import { usualSizes, VerifyKernel, type VerifySizes } from "./verify-kernel.js";
import { type KeyOutcome, verifyKeys } from "./verify-keys.js";
import { verifyPostings } from "./verify-postings.js";
import { RecordPass } from "./verify-records.js";
import { ReferenceRuns } from "./verify-references.js";

/**
 * Holds every block, record, posting, column value and key of a sealed store against the others. Each table
 * is read once, whatever its size: what the records call for and what the tables hold are compared as digests
 * by index and range of ids, and only where these differ a second reading looks for the places.
 */
export async function verify(reader: StoreReader, options: VerifyOptions = {}): Promise<VerifyResult> {
  const run = new Verification(reader, options);
  await runVerification(run, mainKernel(run));
  return run.result;
}

/** The whole path; `main` is fresh. */
export async function runVerification(run: Verification, main: VerifyKernel): Promise<void> {
  using references = new ReferenceRuns(main, run.options.tempDir);
  await readDead(run, main);
  run.isDead = (id) => main.isDead(id);
  await new RecordPass(run, main, references).readAll();
  bindUnreadable(run, main);
  await verifyPostings(run, main);
  await verifyColumns(run, main);
  const keys = await verifyKeys(run, main, references);
  await findFaults(run, main, keys);
}

/** A span of ids, and the buffers of the pass over the columns. */
const spanBytes = 16;
const spanBytesMax = (verifyFaultsMax + 1) * spanBytes;
const columnBytes = verifyColumnRows * 9;

/** A kernel for usual blocks, with the bitmap of dead records and the buffer of references. */
export function mainKernel(run: Verification, own: Partial<VerifySizes> = {}): VerifyKernel {
  const { store } = run;
  const { nextId, deadRecords, segments } = store.sealed;
  const layout = cellLayout(store);
  const { exports } = store.kernel;
  const hasLinks = store.mapping.entities.some(({ fields }) =>
    fields.some(({ linkEntity }) => linkEntity !== null),
  );
  const spareBytes =
    exports.verifyKeysBytes(segments.length) + layout.rows + spanBytesMax + columnBytes + 256;
  const sizes = {
    ...usualSizes,
    referencesMax: hasLinks ? verifyReferencesMax : 16,
    deadBytes: deadRecords === 0 ? 0 : Math.ceil(nextId / 8),
    ...own,
  };
  const main = new VerifyKernel(store.kernel, layout, sizes, spareBytes);
  const events = eventsEntity(store.mapping);
  if (events !== undefined) main.kernel.exports.verifyBindOwned(events.number);
  return main;
}

/** Tells the kernel what is held against nothing. */
function bindUnreadable(run: Verification, { kernel }: VerifyKernel): void {
  const { spans } = run.unreadable;
  const at = kernel.alloc(spans.length * spanBytes);
  for (const [i, { start, end }] of spans.entries()) {
    kernel.view.setBigUint64(at + i * spanBytes, BigInt(start), true);
    kernel.view.setBigUint64(at + i * spanBytes + 8, BigInt(end), true);
  }
  kernel.exports.verifyBindSpans(at, spans.length);
}

/** Looks for the places where a row of cells differs. */
async function findFaults(run: Verification, main: VerifyKernel, keys: KeyOutcome): Promise<void> {
  const budget = new PassBudget();
  const { words, layout } = main;
  for (const { entity, field, index } of run.indexes) {
    const places = `${entity.name}.${field.name} (index ${index.number}, ${index.kind})`;
    const postings = differingRanges(words, layout, index.number);
    await search(run, "posting", places, postings, () => findPostingFaults(run, index, postings, budget));
    const column = { entity, field, index };
    const values = differingRanges(words, layout, layout.rows + index.number);
    const name = `The column of ${places}`;
    await search(run, "column", name, values, () => findColumnFaults(run, column, values));
  }
  if (!keys.isReadable) return;
  const ranges = differingRanges(words, layout, 0);
  // By hash alone two keys may pass for one: then only the search decides.
  if (keys.hasCollision) await findKeyFaults(run, ranges);
  else await search(run, "key", "The keys", ranges, () => findKeyFaults(run, ranges));
}

/** Runs a search; a difference of which it does not find the place is a fault all the same. */
async function search(
  run: Verification,
  kind: VerifyFault["kind"],
  name: string,
  ranges: { start: number }[],
  find: () => Promise<void>,
): Promise<void> {
  if (ranges.length === 0) return;
  const before = run.result.faults;
  await find();
  if (run.result.faults > before || before > 0) return;
  const from = ranges[0]!.start;
  run.fault(kind, `${name}: records from id ${from} on call for something else; the place was not found.`);
}
