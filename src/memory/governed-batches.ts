import { assert, formatBytes, itemBytesMin, PlimsollError } from "../kernel/index.js";
import type { BatchLease } from "./batch-door.js";
import { BatchGovernor, type BatchGovernorOptions, type BatchSeat } from "./batch-governor.js";
import { type BatchSource, type Puller, pullerOf } from "./batch-source.js";
import { ValueMeter } from "./value-size.js";

/** Items that were measured together, and the memory that they hold until the batch is disposed. */
export interface GovernedBatch<T> extends Iterable<T>, Disposable, AsyncDisposable {
  readonly length: number;
  /** What the items were measured to take; eight bytes each at least. */
  readonly bytes: number;
  readonly items: readonly T[];
  /**
   * Takes the batch out of the loop: it stays until it is disposed, also after the next one was asked for.
   * Whatever disposes it must not wait for the next batch; say with `batchesHeld` how many are kept at once.
   */
  keep(): GovernedBatch<T>;
}

export interface GovernedBatchesOptions<T> extends Omit<BatchGovernorOptions, "gauge" | "collect"> {
  /** Bytes of an item; measured by its structure when left out. */
  sizeOf?: ((item: T) => number) | undefined;
  signal?: AbortSignal | undefined;
  /** The budget that this importer shares with others; `memory`, `line` and `graduality` are then its own. */
  governor?: BatchGovernor | undefined;
  /** How many batches the consumer holds at once by `keep`: each has that part of the budget. */
  batchesHeld?: number | undefined;
  /**
   * What happens to an item larger than the whole budget: it goes alone, or the batches end with an error.
   */
  onOversize?: "alone" | "throw" | undefined;
}

/**
 * Cuts any source into batches by measured bytes, and reads on only when there is room. Batches grow step by
 * step to what the budget allows and never cross it, except that an item larger than the budget goes alone:
 * it is in memory already. A batch's memory returns when it is disposed or the next one is asked for; leaving
 * the loop early returns everything and closes the source.
 */
export function governedBatches<T>(
  source: BatchSource<T>,
  options: GovernedBatchesOptions<T> = {},
): AsyncGenerator<GovernedBatch<T>, void, undefined> {
  const batches = cut(source, options.governor ?? new BatchGovernor(options), options);
  // Generators of Node.js 20 have no such method yet.
  batches[Symbol.asyncDispose] ??= async () => void (await batches.return());
  return batches;
}

async function* cut<T>(
  source: BatchSource<T>,
  governor: BatchGovernor,
  options: GovernedBatchesOptions<T>,
): AsyncGenerator<GovernedBatch<T>, void, undefined> {
  const { signal } = options;
  using seat = governor.join(options.batchesHeld);
  const filler = new Filler(pullerOf(source, signal), seat, options);
  let batch: LeasedBatch<T> | undefined;
  try {
    while (!filler.ended) {
      batch = new LeasedBatch(await seat.enter(signal));
      await filler.fill(batch);
      if (batch.length > 0) {
        yield batch;
        seat.note(batch.length, batch.bytes);
      }
      batch.leaveLoop();
    }
  } finally {
    batch?.leaveLoop();
    await filler.close();
  }
}

/** Fills batches from a source, and keeps the item that did not fit for the next one. */
class Filler<T> {
  readonly #puller: Puller<T>;
  readonly #seat: BatchSeat;
  readonly #options: GovernedBatchesOptions<T>;
  #held: { item: T; bytes: number } | undefined;
  #drained = false;
  #readCount = 0;
  /** The largest item of this batch and of the one before: the next item may be like it. */
  #largestBytes = 0;
  #largestBytesBefore = 0;

  constructor(puller: Puller<T>, seat: BatchSeat, options: GovernedBatchesOptions<T>) {
    this.#puller = puller;
    this.#seat = seat;
    this.#options = options;
  }

  get ended(): boolean {
    return this.#drained && this.#held === undefined;
  }

  async fill(batch: LeasedBatch<T>): Promise<void> {
    const { signal } = this.#options;
    const meter = new ValueMeter();
    const sizeOf = this.#options.sizeOf ?? ((item: T) => meter.bytesOf(item));
    this.#largestBytesBefore = this.#largestBytes;
    this.#largestBytes = 0;
    if (this.#held !== undefined) this.#add(batch, this.#held.item, this.#held.bytes);
    this.#held = undefined;
    while (this.#mayReadOn(batch)) {
      signal?.throwIfAborted();
      const next = this.#puller.pull();
      const pulled = next instanceof Promise ? await next : next;
      if (pulled.done) {
        this.#drained = true;
        break;
      }
      const bytes = this.#judged(sizeOf(pulled.value));
      if (batch.bytes + bytes > batch.lease.bytes) {
        this.#held = { item: pulled.value, bytes };
        this.#seat.hold(bytes);
        break;
      }
      this.#add(batch, pulled.value, bytes);
    }
    batch.lease.shrink();
  }

  /** Closes the source unless it ended by itself. */
  async close(): Promise<void> {
    if (!this.#drained) await this.#puller.close();
  }

  /** What is read is in memory: an item as large as the largest of late is read only where it would fit. */
  #mayReadOn(batch: LeasedBatch<T>): boolean {
    if (this.#drained) return false;
    const { bytes: leasedBytes } = batch.lease;
    const likelyBytes = Math.max(this.#largestBytes, this.#largestBytesBefore);
    return batch.length === 0 || batch.bytes + likelyBytes <= leasedBytes;
  }

  #add(batch: LeasedBatch<T>, item: T, bytes: number): void {
    batch.add(item, bytes);
    this.#largestBytes = Math.max(this.#largestBytes, bytes);
  }

  #judged(bytes: number): number {
    assert(Number.isFinite(bytes) && bytes >= 0, "sizeOf gives a number of bytes");
    const record = ++this.#readCount;
    const { budgetBytes } = this.#seat;
    if (bytes <= budgetBytes || this.#options.onOversize !== "throw") {
      return Math.max(itemBytesMin, Math.ceil(bytes));
    }
    const details = { bytes: formatBytes(bytes), budget: formatBytes(budgetBytes), record };
    throw new PlimsollError("ITEM_TOO_LARGE", details, { place: { record } });
  }
}

class LeasedBatch<T> implements GovernedBatch<T> {
  readonly lease: BatchLease;
  length = 0;
  bytes = 0;
  #items: T[] | undefined = [];
  #kept = false;

  constructor(lease: BatchLease) {
    this.lease = lease;
  }

  add(item: T, bytes: number): void {
    this.#items!.push(item);
    this.length++;
    this.bytes += bytes;
    this.lease.fill(this.bytes);
  }

  get items(): readonly T[] {
    assert(this.#items !== undefined, "a batch is used before it is disposed or the next one is asked for");
    return this.#items;
  }

  keep(): this {
    assert(this.#items !== undefined, "a batch is kept before it is disposed or the next one is asked for");
    this.#kept = true;
    return this;
  }

  /** The loop is done with it; whoever kept it is not. */
  leaveLoop(): void {
    if (!this.#kept) this[Symbol.dispose]();
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }

  [Symbol.dispose](): void {
    this.#items = undefined;
    this.lease.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}
