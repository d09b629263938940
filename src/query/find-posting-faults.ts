import { isPlimsollError, verifyBucketIds, verifyBuckets } from "../kernel/index.js";
import type { CompiledIndex } from "../model/index.js";
import { BlockGroups } from "./block-groups.js";
import type { PassBudget } from "./pass-budget.js";
import { tuplesOf } from "./record-tuples.js";
import { SetDigest } from "./set-digest.js";
import { tupleWalk } from "./store-walks.js";
import { type IdRange, readableRecords, type Verification } from "./verification.js";

/**
 * Finds where an index differs from its records, by code that shares nothing with the kernels: ids are
 * divided into buckets whose digests are compared; a bucket that differs is divided again, until it is small
 * enough to compare posting by posting.
 */
export async function findPostingFaults(
  run: Verification,
  index: CompiledIndex,
  differing: IdRange[],
  budget: PassBudget,
): Promise<void> {
  const ranges = [...differing].reverse();
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    if (!budget.take(run)) {
      ranges.push(range);
      break;
    }
    if (range.end - range.start <= verifyBucketIds) await comparePostings(run, index, range);
    else ranges.push(...(await differingBuckets(run, index, range)).reverse());
  }
  budget.tellRest(run, nameOf(run, index), ranges.length);
}

async function differingBuckets(run: Verification, index: CompiledIndex, range: IdRange): Promise<IdRange[]> {
  const end = Math.min(range.end, run.store.sealed.nextId);
  // Ids that the store does not have are told of where the blocks are read.
  if (end <= range.start) return [];
  const width = Math.max(verifyBucketIds, Math.ceil((end - range.start) / verifyBuckets));
  const count = Math.ceil((end - range.start) / width);
  const digests = () => Array.from({ length: count }, () => new SetDigest());
  const [called, found] = [digests(), digests()];
  const bucketOf = (id: number) => Math.floor((id - range.start) / width);
  const bounded = { start: range.start, end };
  await forEachCalled(run, index, bounded, (id, term, payload) =>
    called[bucketOf(id)]!.add(term, id, payload),
  );
  await forEachFound(run, index, bounded, (id, term, payload) => found[bucketOf(id)]!.add(term, id, payload));
  return called.flatMap((digest, at) => {
    const start = range.start + at * width;
    return digest.equals(found[at]!) ? [] : [{ start, end: Math.min(end, start + width) }];
  });
}

async function comparePostings(run: Verification, index: CompiledIndex, range: IdRange): Promise<void> {
  const called = new Map<string, { id: number; term: bigint; payload: number }>();
  await forEachCalled(run, index, range, (id, term, payload) =>
    called.set(`${id}:${term}`, { id, term, payload }),
  );
  const name = nameOf(run, index);
  await forEachFound(run, index, range, (id, term, payload) => {
    const own = called.get(`${id}:${term}`);
    called.delete(`${id}:${term}`);
    if (own === undefined) {
      run.fault(
        "posting",
        `${name} lists record ${id} under term ${term}, which the record does not call for.`,
      );
    } else if (own.payload !== payload) {
      run.fault(
        "posting",
        `${name} lists record ${id} under term ${term} with payload ${payload} in place of ${own.payload}.`,
      );
    }
  });
  for (const { id, term } of called.values()) {
    run.fault("posting", `${name} lacks record ${id} under term ${term}.`);
  }
}

type Visit = (id: number, term: bigint, payload: number) => void;

/** Postings that the records of the range call for. */
async function forEachCalled(
  run: Verification,
  index: CompiledIndex,
  range: IdRange,
  visit: Visit,
): Promise<void> {
  for await (const { record, entity } of readableRecords(run, range)) {
    if (entity.number !== index.entity) continue;
    const field = entity.fields[index.slot]!;
    for (const { term, payload } of tuplesOf(run.store, field, index, record))
      visit(record.id, term, payload);
  }
}

/** Postings of the range that the segments hold; blocks that cannot be read were told of before. */
async function forEachFound(
  run: Verification,
  index: CompiledIndex,
  range: IdRange,
  visit: Visit,
): Promise<void> {
  const groups = new BlockGroups();
  for (const segment of run.store.sealed.segments) {
    using walk = tupleWalk(run, segment.number, index.number);
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      if (entry.index > index.number) break;
      try {
        groups.open(entry.block);
        while (groups.next()) if (groups.index === index.number) visitGroup(run, groups, range, visit);
      } catch (error) {
        if (!isPlimsollError(error)) throw error;
      }
      if (run.pages.isFull) await run.breathe();
    }
  }
}

function visitGroup(run: Verification, groups: BlockGroups, range: IdRange, visit: Visit): void {
  const { term } = groups;
  for (let at = 0; at < groups.count; at++) {
    const id = groups.ids[at]!;
    if (id < range.start || id >= range.end || run.unreadable.has(id)) continue;
    visit(id, term, groups.payloads[at]!);
  }
}

function nameOf(run: Verification, index: CompiledIndex): string {
  const entity = run.store.mapping.entities[index.entity]!;
  return `${entity.name}.${index.field} (index ${index.number}, ${index.kind})`;
}
