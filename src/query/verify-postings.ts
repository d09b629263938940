import { isPlimsollError, verifyBucketIds, verifyBuckets } from "../kernel/index.js";
import type { CompiledIndex } from "../model/index.js";
import { BlockGroups, blockTuples } from "./block-groups.js";
import { tuplesOf } from "./record-tuples.js";
import { SetDigest } from "./set-digest.js";
import { allIndexes, readableEntity, readableRecords, type Verification } from "./verification.js";

/**
 * Reads all posting blocks once: their form and order are checked, live postings go into a digest an index.
 */
export function readPostings(run: Verification): Map<number, SetDigest> {
  const digests = new Map<number, SetDigest>();
  const known = new Set(allIndexes(run.store).map((index) => index.number));
  let dead = 0;
  forEachGroup(run, true, (groups, place) => {
    run.result.postings += groups.count;
    if (groups.index === 0) {
      dead += groups.count;
      return;
    }
    if (!known.has(groups.index)) {
      run.fault(
        "posting",
        `${place} holds postings of index ${groups.index}, which the mapping does not have.`,
      );
      return;
    }
    let digest = digests.get(groups.index);
    if (digest === undefined) {
      digest = new SetDigest();
      digests.set(groups.index, digest);
    }
    for (let at = 0; at < groups.count; at++) {
      const id = groups.ids[at]!;
      if (isCompared(run, id)) digest.add(groups.term, id, groups.payloads[at]!);
    }
  });
  const { deadRecords } = run.store.sealed;
  if (dead !== deadRecords) {
    run.fault("count", `The store states ${deadRecords} dead records and lists ${dead}.`);
  }
  return digests;
}

/** Postings of dead and of unreadable records are held against nothing. */
function isCompared(run: Verification, id: number): boolean {
  return !run.store.dead.has(id) && !run.unreadable.has(id);
}

/** Calls back for each group of every segment's blocks; what does not add up is a fault when `isReported`. */
function forEachGroup(
  run: Verification,
  isReported: boolean,
  visit: (groups: BlockGroups, place: string) => void,
): void {
  const groups = new BlockGroups();
  for (const segment of run.store.sealed.segments) {
    const order = new TupleOrder();
    let tuples = 0;
    for (const entry of run.store.reader.tupleBlocks(segment.number, 0, 0n, 0)) {
      run.signal?.throwIfAborted();
      const first = `index ${entry.index}, term ${entry.term}, id ${entry.id}`;
      const place = `The posting block (${first}) of segment ${segment.number}`;
      if (isReported) run.result.blocks++;
      tuples += blockTuples(entry.block);
      try {
        groups.open(entry.block);
        let isFirst = true;
        while (groups.next()) {
          const isKeyed =
            groups.index === entry.index && groups.term === entry.term && groups.ids[0] === entry.id;
          if (isReported && isFirst && !isKeyed)
            run.fault("block", `${place} begins with another posting than its key says.`);
          isFirst = false;
          const isRising = order.follow(groups);
          if (isReported && !isRising) run.fault("block", `${place} is out of order.`);
          const last = groups.ids[groups.count - 1]!;
          if (isReported && last >= run.store.sealed.nextId)
            run.fault("posting", `${place} names record ${last}, which is not there.`);
          visit(groups, place);
        }
      } catch (error) {
        if (!isPlimsollError(error)) throw error;
        if (isReported) run.fault("block", `${place} is unreadable: ${error.message}`);
      }
    }
    if (isReported && tuples !== segment.tuples) {
      run.fault("count", `Segment ${segment.number} states ${segment.tuples} postings and holds ${tuples}.`);
    }
  }
}

/** Whether postings rise by index, term and id from group to group. */
class TupleOrder {
  #index = -1;
  #term = -1n;
  #id = -1;

  follow(groups: BlockGroups): boolean {
    const isSameList = groups.index === this.#index && groups.term === this.#term;
    let isRising =
      isSameList || groups.index > this.#index || (groups.index === this.#index && groups.term > this.#term);
    if (isSameList && groups.ids[0]! <= this.#id) isRising = false;
    for (let at = 1; at < groups.count; at++) if (groups.ids[at]! <= groups.ids[at - 1]!) isRising = false;
    this.#index = groups.index;
    this.#term = groups.term;
    this.#id = groups.ids[groups.count - 1]!;
    return isRising;
  }
}

interface IdRange {
  start: number;
  end: number;
}

/**
 * Finds where an index differs from its records: ids are divided into buckets whose digests are compared; a
 * bucket that differs is divided again, until it is small enough to compare posting by posting.
 */
export function findPostingFaults(run: Verification, index: CompiledIndex): void {
  const ranges: IdRange[] = [{ start: 0, end: run.store.sealed.nextId }];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    if (range.end - range.start <= verifyBucketIds) comparePostings(run, index, range);
    else ranges.push(...differingBuckets(run, index, range).reverse());
  }
}

function differingBuckets(run: Verification, index: CompiledIndex, range: IdRange): IdRange[] {
  const width = Math.max(verifyBucketIds, Math.ceil((range.end - range.start) / verifyBuckets));
  const count = Math.ceil((range.end - range.start) / width);
  const digests = () => Array.from({ length: count }, () => new SetDigest());
  const [called, found] = [digests(), digests()];
  const bucketOf = (id: number) => Math.floor((id - range.start) / width);
  forEachCalled(run, index, range, (id, term, payload) => called[bucketOf(id)]!.add(term, id, payload));
  forEachFound(run, index, range, (id, term, payload) => found[bucketOf(id)]!.add(term, id, payload));
  return called.flatMap((digest, at) => {
    const start = range.start + at * width;
    return digest.equals(found[at]!) ? [] : [{ start, end: Math.min(range.end, start + width) }];
  });
}

function comparePostings(run: Verification, index: CompiledIndex, range: IdRange): void {
  const called = new Map<string, { id: number; term: bigint; payload: number }>();
  forEachCalled(run, index, range, (id, term, payload) => called.set(`${id}:${term}`, { id, term, payload }));
  const entity = run.store.mapping.entities[index.entity]!;
  const name = `${entity.name}.${index.field} (index ${index.number}, ${index.kind})`;
  forEachFound(run, index, range, (id, term, payload) => {
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

/** Postings that the live records of the range call for. */
function forEachCalled(run: Verification, index: CompiledIndex, range: IdRange, visit: Visit): void {
  for (const record of readableRecords(run, false, range.start)) {
    if (record.id >= range.end) return;
    if (record.id < range.start || record.entity !== index.entity) continue;
    const entity = readableEntity(run, record, false);
    if (entity === undefined) continue;
    const field = entity.fields[index.slot]!;
    for (const { term, payload } of tuplesOf(run.store, field, index, record))
      visit(record.id, term, payload);
  }
}

function forEachFound(run: Verification, index: CompiledIndex, range: IdRange, visit: Visit): void {
  forEachGroup(run, false, (groups) => {
    if (groups.index !== index.number) return;
    for (let at = 0; at < groups.count; at++) {
      const id = groups.ids[at]!;
      if (id < range.start || id >= range.end || !isCompared(run, id)) continue;
      visit(id, groups.term, groups.payloads[at]!);
    }
  });
}
