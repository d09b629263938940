import { assert, collectGarbage, isPlimsollError, PlimsollError } from "../kernel/index.js";
import { compileEntityProgram } from "../model/index.js";
import type { RecordBlockEntry } from "../ports/index.js";
import { type RecordBlockHead, readRecordBlockHead, unpackRecordBlock } from "../postings/index.js";
import { recordWalk } from "./store-walks.js";
import type { Verification } from "./verification.js";
import { moveCells } from "./verify-cells.js";
import type { VerifyKernel } from "./verify-kernel.js";
import { LargeKernels } from "./verify-large.js";
import type { ReferenceRuns } from "./verify-references.js";

/** What is wrong with a record that cannot be read, by the loader's number for it. */
const rejectReasons = new Map([
  [1, "is not JSON"],
  [2, "is not UTF-8"],
  [3, "is not a JSON object"],
  [4, "is nested too deep"],
  [7, "has a field of another type than the mapping says"],
  [8, "has no key"],
  [9, "lacks a field that it must have"],
  [10, "has a key that is too long"],
  [14, "is an ephemeral event"],
  [17, "is no quad"],
  [18, "has a value of another type than its predicate"],
  [19, "has a language tag that its predicate has not"],
  [15, "has an id or an author that is not 64 hexadecimal digits"],
]);

/** Rows of a block that are read in one go. */
interface Rows {
  from: number;
  to: number;
}

/**
 * Reads all records once and adds what they call for to the cells: postings, column values, keys and
 * references. A record with more entries than the kernel holds goes through a larger one, alone.
 */
export class RecordPass {
  readonly #run: Verification;
  readonly #main: VerifyKernel;
  readonly #references: ReferenceRuns;
  readonly #large: LargeKernels;
  readonly #programs: Uint8Array[];
  readonly #live: number[];
  #entity = -1;
  #lastId = -1n;
  #unreadableFrom: number | null = null;

  constructor(run: Verification, main: VerifyKernel, references: ReferenceRuns) {
    this.#run = run;
    this.#main = main;
    this.#references = references;
    this.#large = new LargeKernels(main, (large) => this.#retire(large));
    this.#programs = run.store.mapping.entities.map((entity) => compileEntityProgram(entity));
    this.#live = run.store.mapping.entities.map(() => 0);
  }

  async readAll(): Promise<void> {
    const run = this.#run;
    using walk = recordWalk(run);
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      this.#readBlock(entry);
      if (run.pages.isFull) await run.breathe();
    }
    this.#endUnreadable(run.store.sealed.nextId);
    this.#large.close();
    for (const entity of run.store.mapping.entities) {
      const [counted, stated] = [this.#live[entity.number]!, run.store.liveRecords(entity)];
      run.result.records += counted;
      if (counted === stated || !run.unreadable.isEmpty) continue;
      run.fault("count", `The store states ${stated} live records of ${entity.name} and holds ${counted}.`);
    }
  }

  #readBlock(entry: RecordBlockEntry): void {
    const run = this.#run;
    try {
      const head = readRecordBlockHead(entry.block);
      if (this.#programs[head.entity] === undefined) {
        const text = `The records from id ${entry.firstId} on are of an unknown entity (${head.entity}).`;
        run.fault("record", text);
        this.#unreadableFrom ??= entry.firstId;
        return;
      }
      const isUsual = this.#main.holds(head.rawBytes);
      this.#open(isUsual ? this.#main : this.#large.open(head.rawBytes), entry, head);
      this.#endUnreadable(entry.firstId);
      run.result.blocks++;
      if (isUsual) this.#readRows(entry, head);
      else for (let row = 0; row < head.count; row++) this.#readAlone(entry, head, row);
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      run.fault("block", `The block of records from id ${entry.firstId} is unreadable: ${error.message}`);
      this.#unreadableFrom ??= entry.firstId;
    }
  }

  /** Unpacks the block in a kernel and opens it there. */
  #open(kernel: VerifyKernel, entry: RecordBlockEntry, head: RecordBlockHead): void {
    const { source, raw } = kernel.regions;
    unpackRecordBlock(kernel.kernel, entry.block, head, { source, out: raw });
    if (kernel !== this.#main || this.#entity !== head.entity) {
      kernel.setProgram(this.#programs[head.entity]!);
      if (kernel === this.#main) this.#entity = head.entity;
    }
    const isWhole = this.#openRows(kernel, entry, head, { from: 0, to: head.count });
    if (!isWhole)
      throw new PlimsollError("BLOCK_DAMAGED", { what: "records", reason: "its lengths do not add up" });
  }

  #openRows(kernel: VerifyKernel, entry: RecordBlockEntry, head: RecordBlockHead, rows: Rows): boolean {
    const { exports } = kernel.kernel;
    const { rawBytes, count } = head;
    const first = BigInt(entry.firstId);
    const status = exports.verifyBlock(
      kernel.regions.raw,
      rawBytes,
      count,
      first,
      rows.from,
      rows.to,
      this.#lastId,
    );
    return status === exports.VERIFY_DONE.value;
  }

  /** Goes through a block in the main kernel, where it is unpacked. */
  #readRows(entry: RecordBlockEntry, head: RecordBlockHead): void {
    const { exports } = this.#main.kernel;
    const { VERIFY_DONE, VERIFY_CALLS_FULL, VERIFY_OVERFLOW, VERIFY_ORDER } = exports;
    const to = head.count;
    for (let from = 0; from < to && this.#openRows(this.#main, entry, head, { from, to }); ) {
      let status = exports.verifyRecords();
      while (status !== VERIFY_DONE.value && status !== VERIFY_OVERFLOW.value) {
        if (status === VERIFY_ORDER.value) this.#tellOrder(entry, exports.verifyRecordId());
        else if (status === VERIFY_CALLS_FULL.value) this.#references.spill();
        else this.#tellReject(this.#main);
        status = exports.verifyRecords();
      }
      this.#lastId = exports.verifyLastId();
      this.#live[head.entity]! += exports.verifyLive();
      if (status === VERIFY_OVERFLOW.value) this.#readAlone(entry, head, exports.verifyRow());
      from = exports.verifyRow() + 1;
    }
  }

  /** Reads one record in a larger kernel, made larger until the record's entries fit. */
  #readAlone(entry: RecordBlockEntry, head: RecordBlockHead, row: number): void {
    for (let large = this.#large.open(head.rawBytes); ; large = this.#large.enlarge()) {
      const { exports } = large.kernel;
      const { VERIFY_DONE, VERIFY_OVERFLOW, VERIFY_ORDER } = exports;
      this.#open(large, entry, head);
      this.#openRows(large, entry, head, { from: row, to: row + 1 });
      this.#bindDead(large, entry, row);
      let status = exports.verifyRecords();
      if (status === VERIFY_ORDER.value) {
        this.#tellOrder(entry, exports.verifyRecordId());
        status = exports.verifyRecords();
      }
      if (status === VERIFY_OVERFLOW.value && this.#large.canEnlarge) continue;
      this.#lastId = BigInt(exports.verifyRecordId());
      if (status === VERIFY_DONE.value) this.#live[head.entity]! += exports.verifyLive();
      else this.#tellReject(large);
      this.#references.take(large);
      return;
    }
  }

  /** Whether the one record is dead, told to a kernel that has no bitmap of all. */
  #bindDead(large: VerifyKernel, entry: RecordBlockEntry, row: number): void {
    const { raw, dead } = large.regions;
    const id = entry.firstId + large.kernel.view.getUint32(raw + row * 8, true);
    large.kernel.u8[dead] = this.#main.isDead(id) ? 1 : 0;
    large.kernel.exports.verifyBindDead(dead, BigInt(id), BigInt(id + 1));
  }

  #tellReject({ kernel }: VerifyKernel): void {
    const id = kernel.exports.verifyRecordId();
    const reason = rejectReasons.get(kernel.exports.loadRejectCode()) ?? "has more entries than can be held";
    this.#run.fault("record", `Record ${id} ${reason}.`);
    this.#run.unreadable.add(id, id + 1);
  }

  #tellOrder(entry: RecordBlockEntry, id: number): void {
    const text = `Record ${id} stands out of order in the block from id ${entry.firstId}.`;
    this.#run.fault("block", text);
  }

  #endUnreadable(nextId: number): void {
    if (this.#unreadableFrom !== null) this.#run.unreadable.add(this.#unreadableFrom, nextId);
    this.#unreadableFrom = null;
  }

  #retire(large: VerifyKernel): void {
    assert(large.references.count === 0, "references of large records are taken at once");
    moveCells(large.words, this.#main.words);
    collectGarbage();
  }
}
