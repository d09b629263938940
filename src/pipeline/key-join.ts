import { join } from "node:path";
import { assert } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { RunWriter } from "../postings/index.js";
import type { RunFile, SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { MappedReads } from "./mapped-reads.js";

/**
 * One former segment during the join: the block that covers the hashes now passing, and where the next
 * begins.
 */
interface SegmentJoin {
  segment: number;
  writer: RunWriter;
  name: string;
  /** Hashes below this are covered by blocks already copied. */
  coveredTo: bigint;
  /** The last block that was copied; ordinals rise within a segment. */
  ordinal: number;
}

/**
 * Copies, of each former segment that stays, the key blocks that a key of this import may lie in: a merge
 * join by blocks. It reads at most the segment once, and of a large store with a small import only what the
 * import touches.
 */
export async function copyMetKeyBlocks(run: ImportRun, seal: SealState): Promise<RunFile[]> {
  const kept = (run.session.sealed?.segments ?? []).filter(
    (segment) => !seal.absorbed.includes(segment.number),
  );
  if (kept.length === 0) return [];
  const joins = kept.map(({ number: segment }): SegmentJoin => {
    const name = `k-join-${segment}.run`;
    const writer = new RunWriter(join(run.runsDir, name), run.writerOptions);
    return { segment, name, writer, coveredTo: 0n, ordinal: -1 };
  });
  const keyRuns = run.state.runs.filter((file) => file.kind === "keys" && !file.isFormer);
  const worker = run.workers[0];
  assert(worker !== undefined, "an import has a worker");
  const copier = new BlockCopier(run);
  await worker.send(
    { kind: "list-hashes", ordinal: 0, inputs: keyRuns.map((file) => file.name) },
    [],
    (output) =>
      run.serial(async () => {
        for (const part of output.parts) {
          if (part.kind !== "hashes") continue;
          const hashes = new BigUint64Array(output.output.slice(part.offset, part.offset + part.length));
          for (const hash of hashes) for (const state of joins) await copier.cover(state, hash);
        }
      }),
  );
  copier.close();
  return joins.map(({ name, writer }) => ({
    name,
    kind: "keys" as const,
    bytes: writer.finish(),
    isFormer: true,
    isJoinOnly: true,
  }));
}

/** Looks blocks up through a reader that is renewed before its mapped pages grow beyond their share. */
class BlockCopier {
  readonly #run: ImportRun;
  #reader: StoreReader | null = null;
  #reads: MappedReads | null = null;
  #isFull = false;

  constructor(run: ImportRun) {
    this.#run = run;
  }

  /**
   * A key's definition has its hash with the lowest bit 0, references to it with 1: whichever comes meets
   * both.
   */
  async cover(state: SegmentJoin, hash: bigint): Promise<void> {
    const least = hash & ~1n;
    const greatest = hash | 1n;
    if (greatest < state.coveredTo) return;
    if (this.#isFull) await this.#renew();
    this.#reader ??= this.#run.session.reader();
    this.#reads ??= new MappedReads(this.#run);
    state.coveredTo = greatest + 1n;
    for (const { hash: first, ordinal, block } of this.#reader.keyBlocks(state.segment, least)) {
      if (first > greatest) {
        state.coveredTo = first;
        return;
      }
      if (this.#reads.note(block)) this.#isFull = true;
      const last = lastHashOf(block);
      if (last < least || ordinal <= state.ordinal) continue;
      state.writer.write(block);
      state.ordinal = ordinal;
      if (last >= state.coveredTo) state.coveredTo = last + 1n;
    }
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
  }

  async #renew(): Promise<void> {
    this.close();
    await this.#run.session.releaseMapped();
    this.#reads = null;
    this.#isFull = false;
  }
}

/** Header of a key block: u32 entries, u32 body bytes, u64 first hash, u64 last hash. */
function lastHashOf(block: Uint8Array): bigint {
  return new DataView(block.buffer, block.byteOffset).getBigUint64(16, true);
}
