import { join } from "node:path";
import { runBufferBytes, uptimeMs } from "../kernel/index.js";
import { WritebackMeter } from "../memory/index.js";
import { type KeyBuffer, RunWriter, type RunWriterOptions, type TupleBuffer } from "../postings/index.js";
import type { RunFile } from "./checkpoint.js";
import type { SpillCounts } from "./import-plan.js";
import { noSpills } from "./import-tally.js";
import type { RunBuffers } from "./run-buffers.js";
import { runFile } from "./worker-merge.js";
import type { WorkerSetup } from "./worker-protocol.js";

/**
 * Sorts full buffers and writes them to run files, which belong to the import once a checkpoint names them.
 */
export class RunSpiller {
  readonly writerOptions: RunWriterOptions;
  readonly #setup: WorkerSetup;
  readonly #buffer = Buffer.allocUnsafeSlow(runBufferBytes);
  #named = 0;
  #runs: RunFile[] = [];
  #fullSpills = 0;
  #counts: SpillCounts = noSpills();

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    this.writerOptions = { syncBytes: setup.runSyncBytes, meter: new WritebackMeter(setup.writeback) };
  }

  newRunName(kind: RunFile["kind"]): string {
    this.#named += 1;
    return `${kind[0]}-${this.#setup.runPrefix}-${this.#named}.run`;
  }

  /** Empties both buffers: when one is full the other is spilled with it. */
  spillAll({ tuples, keys, fullness }: RunBuffers): void {
    this.#counts.tuples += tuples.count;
    this.#counts.keys += keys.count;
    this.#counts.fills += fullness;
    this.#spill("tuples", tuples);
    this.#spill("keys", keys);
  }

  #spill(kind: "tuples" | "keys", buffer: TupleBuffer | KeyBuffer): void {
    if (buffer.count > 0 && this.#setup.isIndexed) {
      const startedMs = uptimeMs();
      const name = this.newRunName(kind);
      const writer = new RunWriter(join(this.#setup.runsDir, name), this.writerOptions, this.#buffer);
      buffer.sort();
      buffer.encode((block) => writer.write(block));
      const sortedMs = uptimeMs();
      const bytes = writer.finish();
      this.#counts.sortMs += sortedMs - startedMs;
      this.#counts.syncMs += uptimeMs() - sortedMs;
      this.#runs.push(runFile(name, kind, bytes));
      if (kind === "tuples") this.#counts.tupleRuns += 1;
      this.#counts[kind === "tuples" ? "tupleBytes" : "keyBytes"] += bytes;
    }
    buffer.clear();
  }

  /** Counts a spill that came because there was no more room, not because somebody asked for it. */
  noteFull(): void {
    this.#fullSpills += 1;
  }

  /** The runs written since the last call, how often a buffer was full, and what went into them. */
  take(): { runs: RunFile[]; fullSpills: number; counts: SpillCounts } {
    const fullSpills = this.#fullSpills;
    const counts = this.#counts;
    this.#fullSpills = 0;
    this.#counts = noSpills();
    return { runs: this.#runs.splice(0), fullSpills, counts };
  }
}
