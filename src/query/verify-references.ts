import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kernel, verifyRunsMax } from "../kernel/index.js";
import { mergeTuples, mergeTuplesBytes, RunReader, RunWriter, type TupleBuffer } from "../postings/index.js";
import type { VerifyKernel } from "./verify-kernel.js";

interface Run {
  path: string;
  /** How often its references have been merged. */
  level: number;
}

/**
 * The references that records call for, to be read in order of hash: sorted in memory while they are few, and
 * in files when they are many. Files are merged by the score, so that each reference is written a few times
 * at most.
 */
export class ReferenceRuns implements Disposable {
  readonly #main: VerifyKernel;
  readonly #parentDir: string;
  #dir: string | null = null;
  #runs: Run[] = [];
  #written = 0;

  constructor(main: VerifyKernel, tempDir: string | undefined) {
    this.#main = main;
    this.#parentDir = tempDir ?? tmpdir();
  }

  get #buffer(): TupleBuffer {
    return this.#main.references;
  }

  /** Takes over what another kernel has gathered. */
  take(from: VerifyKernel): void {
    const { references, kernel } = from;
    const { count } = references;
    if (count === 0) return;
    const start = kernel.view.getUint32(references.ptr + tuplesAt, true);
    for (let done = 0; done < count; ) {
      if (this.#buffer.count === this.#buffer.capacity) this.spill();
      const taken = Math.min(count - done, this.#buffer.capacity - this.#buffer.count);
      const at = start + done * tupleBytes;
      this.#buffer.append(kernel.u8.subarray(at, at + taken * tupleBytes), taken);
      done += taken;
    }
    references.clear();
  }

  /** Writes the buffer to a sorted file, and empties it. */
  spill(): void {
    this.#buffer.sort();
    const path = this.#newPath();
    const writer = new RunWriter(path);
    this.#buffer.encode((block) => writer.write(block));
    writer.finish();
    this.#buffer.clear();
    this.#runs.push({ path, level: 0 });
    for (let level = 0; this.#runs.filter((run) => run.level === level).length >= verifyRunsMax; level++) {
      this.#unite(level);
    }
  }

  /** Sorted references in pieces: views of the main kernel's memory, each valid until the next is taken. */
  *pieces(): Generator<{ tuples: number; count: number }> {
    const { kernel } = this.#main;
    const { exports, u8, view } = kernel;
    if (this.#runs.length === 0) {
      this.#buffer.sort();
      yield { tuples: view.getUint32(this.#buffer.ptr + tuplesAt, true), count: this.#buffer.count };
      return;
    }
    if (this.#buffer.count > 0) this.spill();
    const { block } = this.#main.regions;
    const tuples = view.getUint32(this.#buffer.ptr + tuplesAt, true);
    const cursor = this.#main.regions.values;
    for (const stored of this.#merged(this.#runs)) {
      u8.set(stored, block);
      exports.tupleCursorOpen(cursor, block, stored.length);
      const decode = () => exports.tupleCursorDecode(cursor, tuples, this.#buffer.capacity);
      for (let count = decode(); count > 0; count = decode()) yield { tuples, count };
    }
  }

  [Symbol.dispose](): void {
    if (this.#dir !== null) rmSync(this.#dir, { recursive: true, force: true });
    this.#dir = null;
    this.#runs = [];
  }

  #unite(level: number): void {
    const united = this.#runs.filter((run) => run.level === level);
    const path = this.#newPath();
    const writer = new RunWriter(path);
    for (const block of this.#merged(united)) writer.write(block);
    writer.finish();
    for (const run of united) rmSync(run.path);
    this.#runs = [...this.#runs.filter((run) => run.level !== level), { path, level: level + 1 }];
  }

  *#merged(runs: Run[]): Generator<Uint8Array> {
    const { kernel: any } = this.#main;
    const kernel = new Kernel({
      memoryBytes: any.exports.heapBase() + mergeTuplesBytes(any, runs.length) + 256,
    });
    const inputs: RunReader[] = [];
    try {
      for (const { path } of runs) inputs.push(new RunReader(path));
      let merged = new Uint8Array(0);
      const output = (block: Uint8Array<ArrayBuffer>) => {
        merged = block;
      };
      for (const _pause of mergeTuples({ kernel, inputs, output })) yield merged;
    } finally {
      for (const input of inputs) input.close();
    }
  }

  #newPath(): string {
    this.#dir ??= mkdtempSync(join(this.#parentDir, "plimsoll-verify-"));
    return join(this.#dir, `references-${this.#written++}`);
  }
}

/** Of the header of a tuple buffer, in kernels/tuple.ts. */
const tuplesAt = 8;
const tupleBytes = 16;
