import { join } from "node:path";
import { runBufferBytes } from "../kernel/index.js";
import { type KeyBuffer, RunWriter, type TupleBuffer } from "../postings/index.js";
import type { RunFile } from "./checkpoint.js";
import { runFile } from "./worker-merge.js";
import type { WorkerSetup } from "./worker-protocol.js";

/**
 * Sorts full buffers and writes them to run files, which belong to the import once a checkpoint names them.
 */
export class RunSpiller {
  readonly #setup: WorkerSetup;
  readonly #buffer = Buffer.allocUnsafeSlow(runBufferBytes);
  #named = 0;
  #runs: RunFile[] = [];

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
  }

  newRunName(kind: RunFile["kind"]): string {
    this.#named += 1;
    return `${kind[0]}-${this.#setup.runPrefix}-${this.#named}.run`;
  }

  spill(kind: "tuples" | "keys", buffer: TupleBuffer | KeyBuffer): void {
    if (buffer.count > 0 && this.#setup.isIndexed) {
      const name = this.newRunName(kind);
      const writer = new RunWriter(join(this.#setup.runsDir, name), {}, this.#buffer);
      buffer.sort();
      buffer.encode((block) => writer.write(block));
      this.#runs.push(runFile(name, kind, writer.finish()));
    }
    buffer.clear();
  }

  /** The runs written since the last call. */
  takeRuns(): RunFile[] {
    return this.#runs.splice(0);
  }
}
