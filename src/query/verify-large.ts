import { kernelMemoryBytesMax, recordValuesMin, verifyExpansionMax } from "../kernel/index.js";
import { VerifyKernel, type VerifySizes } from "./verify-kernel.js";

/**
 * The kernel for records that the usual one does not hold: made when there is such a record, kept for the
 * next one, and replaced by a larger one when it does not do.
 */
export class LargeKernels {
  readonly #main: VerifyKernel;
  readonly #retire: (kernel: VerifyKernel) => void;
  #kernel: VerifyKernel | null = null;
  #rawBytes = 0;
  /** Entries that a record may have, as a part of its bytes, relative to what is usual. */
  #expansion = 1;

  /** `retire` is called with a kernel before it is dropped. */
  constructor(main: VerifyKernel, retire: (kernel: VerifyKernel) => void) {
    this.#main = main;
    this.#retire = retire;
  }

  get present(): VerifyKernel | null {
    return this.#kernel;
  }

  /** A kernel that holds a block of so many bytes. */
  open(rawBytes: number): VerifyKernel {
    if (this.#kernel === null || rawBytes > this.#rawBytes) {
      this.#expansion = 1;
      this.#make(Math.max(rawBytes, this.#main.sizes.rawBytes));
    }
    return this.#kernel!;
  }

  get canEnlarge(): boolean {
    const bytes = this.#bytesAt(this.#expansion * 2);
    return this.#expansion < verifyExpansionMax && bytes <= kernelMemoryBytesMax;
  }

  enlarge(): VerifyKernel {
    this.#expansion *= 2;
    this.#make(this.#rawBytes);
    return this.#kernel!;
  }

  close(): void {
    if (this.#kernel !== null) this.#retire(this.#kernel);
    this.#kernel = null;
  }

  #make(rawBytes: number): void {
    this.close();
    // A quarter more, so that slowly growing records do not each have a kernel made.
    this.#rawBytes = Math.ceil(rawBytes * 1.25);
    const { kernel, layout } = this.#main;
    this.#kernel = new VerifyKernel(kernel, layout, sizesOf(this.#rawBytes, this.#expansion));
  }

  #bytesAt(expansion: number): number {
    const { kernel, layout } = this.#main;
    return VerifyKernel.bytesFor(kernel, layout, sizesOf(this.#rawBytes, expansion));
  }
}

/** For most records a value and an index entry in 16 bytes are plenty: a kernel of six times the record. */
function sizesOf(rawBytes: number, expansion: number): VerifySizes {
  const entries = Math.max(recordValuesMin, Math.ceil(rawBytes / 16)) * expansion;
  return {
    rawBytes,
    valuesMax: Math.min(entries, Math.ceil(rawBytes / 2)),
    tuplesMax: entries,
    keysMax: Math.ceil(entries / 2),
    keyBytes: Math.ceil(rawBytes / 2) * expansion,
    referencesMax: Math.ceil(entries / 2),
    deadBytes: 16,
  };
}
