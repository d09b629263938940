import {
  assert,
  collectGarbage,
  collectRestBatchesMax,
  collectSettleMs,
  footprintDriftFraction,
  gradualityDefault,
  systemClock,
} from "../kernel/index.js";
import { type BatchBudgetOptions, resolveBatchBudget } from "./batch-budget.js";
import { BatchDoor, type BatchLease } from "./batch-door.js";
import { Footprint } from "./footprint.js";
import { Gauge, type MemoryGauge } from "./gauge.js";
import { Graduality } from "./graduality.js";

export interface BatchGovernorOptions extends BatchBudgetOptions {
  /** Doublings from the first batch to the largest. */
  graduality?: number | undefined;
  /**
   * What reads the memory of the process, and what collects its garbage; for processes that are only
   * modelled.
   */
  gauge?: MemoryGauge | undefined;
  collect?: (() => Promise<number>) | undefined;
}

/**
 * One budget for every importer of a process: hand it to each `governedBatches` as `governor`. Importers have
 * even parts, come first served, and give back what they do not use. It holds nothing open while none of
 * them runs.
 */
export class BatchGovernor {
  readonly budgetBytes: number;
  readonly lineBytes: number;
  readonly graduality: number;
  readonly #door = new BatchDoor(() => this.allowedBytes);
  readonly #footprint: Footprint;
  readonly #givenGauge: MemoryGauge | undefined;
  #gauge: MemoryGauge | undefined;
  readonly #collect: () => Promise<number>;
  #seats = 0;
  #parts = 0;
  #batches = 0;
  /** No collection before this batch: one that gave nothing back rests, longer each time. */
  #collectFrom = 0;
  #collectRest = 1;

  constructor(options: BatchGovernorOptions = {}) {
    this.graduality = options.graduality ?? gradualityDefault;
    this.#givenGauge = options.gauge;
    this.#collect = options.collect ?? collect;
    using gauge = options.gauge === undefined ? new Gauge() : undefined;
    const reading = (options.gauge ?? gauge!).read();
    const budget = resolveBatchBudget(options, reading.rssBytes);
    this.budgetBytes = budget.bytes;
    this.lineBytes = budget.lineBytes;
    this.#footprint = new Footprint(budget.lineBytes, reading);
  }

  /** Bytes of the batches that are being filled or used. */
  get leasedBytes(): number {
    return this.#door.leasedBytes;
  }

  get leaseCount(): number {
    return this.#door.leaseCount;
  }

  /** Bytes of items that wait for their batch: at most one an importer, read before its size was known. */
  get heldBytes(): number {
    return this.#door.heldBytes;
  }

  /** Resident bytes that a byte of batches was measured to take, between 1 and 4. */
  get footprintFactor(): number {
    return this.#footprint.factor;
  }

  /** What all batches may hold together now: the budget, or less when the process comes near its line. */
  get allowedBytes(): number {
    const least = this.budgetBytes / 2 ** this.graduality;
    return Math.floor(Math.max(1, least, Math.min(this.budgetBytes, this.#footprint.batchBytesMax)));
  }

  /** Called by an importer that begins; `parts` is how many batches it will hold at once. */
  join(parts = 1): BatchSeat {
    assert(Number.isInteger(parts) && parts >= 1, "an importer holds one batch or more at once");
    this.#seats++;
    this.#parts += parts;
    this.#gauge ??= this.#givenGauge ?? new Gauge();
    return new BatchSeat(this, this.#door, {
      allowedBytes: () => this.allowedBytes / this.#parts,
      note: () => {
        const alone = this.#door.leaseCount <= 1 && this.#door.heldBytes === 0;
        this.#footprint.note(this.#gauge!.read(), this.#door.takeFilledHighBytes(), alone);
      },
      makeRoom: (bytes) => this.#makeRoom(bytes / this.#parts),
      leave: () => this.#leave(parts),
    });
  }

  /**
   * V8 lets garbage lie while its own limit is far, whatever the line of the process is: near the line it is
   * collected before a batch begins, rather than making batches smaller for it.
   */
  async #makeRoom(batchBytes: number): Promise<void> {
    this.#batches++;
    if (this.#batches < this.#collectFrom) return;
    if (!this.#footprint.isNear(this.#gauge!.read(), batchBytes)) return;
    this.#collectFrom = Number.POSITIVE_INFINITY;
    const freedBytes = await this.#collect();
    const isUseful = freedBytes >= batchBytes * footprintDriftFraction;
    this.#collectRest = isUseful ? 1 : Math.min(collectRestBatchesMax, this.#collectRest * 2);
    this.#collectFrom = this.#batches + this.#collectRest;
    const isIdle = this.#door.leaseCount === 0 && this.#door.heldBytes === 0;
    if (isUseful && isIdle) this.#footprint.noteIdle(this.#gauge!.read());
  }

  #leave(parts: number): void {
    this.#parts -= parts;
    this.#seats--;
    if (this.#seats === 0) {
      if (this.#gauge !== this.#givenGauge) this.#gauge?.close();
      this.#gauge = undefined;
    }
    this.#footprint.unsettle();
    this.#door.pump();
  }
}

interface SeatContext {
  allowedBytes: () => number;
  note: () => void;
  makeRoom: (batchBytes: number) => Promise<void>;
  leave: () => void;
}

/** The place of one importer: how large its next batch is, and the way to its lease. */
export class BatchSeat implements Disposable {
  readonly budgetBytes: number;
  readonly #door: BatchDoor;
  readonly #context: SeatContext;
  readonly #graduality: Graduality;
  #heldBytes = 0;
  #left = false;

  constructor(governor: BatchGovernor, door: BatchDoor, context: SeatContext) {
    this.budgetBytes = governor.budgetBytes;
    this.#door = door;
    this.#context = context;
    this.#graduality = new Graduality({ bytesMax: governor.budgetBytes, steps: governor.graduality });
  }

  /** Counts an item that is read and does not fit: it comes first in the next batch. */
  hold(bytes: number): void {
    assert(this.#heldBytes === 0, "one item waits at a time");
    this.#heldBytes = bytes;
    this.#door.hold(bytes);
  }

  async enter(signal?: AbortSignal): Promise<BatchLease> {
    const heldBytes = this.#heldBytes;
    await this.#context.makeRoom(Math.max(heldBytes, this.#graduality.bytes));
    const wantedBytes = () => Math.max(heldBytes, this.#batchBytes());
    const lease = await this.#door.admit({ wantedBytes, heldBytes }, signal);
    this.#heldBytes = 0;
    lease.fill(heldBytes);
    return lease;
  }

  /** Tells what a batch measured, while its memory is still taken. */
  note(records: number, bytes: number): void {
    this.#graduality.note({ records, bytes });
    this.#context.note();
  }

  [Symbol.dispose](): void {
    if (this.#left) return;
    this.#left = true;
    this.#door.drop(this.#heldBytes);
    this.#context.leave();
  }

  /** The soft threshold, as a part of what this importer may have. */
  #batchBytes(): number {
    const part = this.#graduality.bytes / this.budgetBytes;
    return Math.max(1, Math.floor(part * this.#context.allowedBytes()));
  }
}

/** Collects garbage, and answers how much there was once V8's own thread has given its pages back. */
async function collect(): Promise<number> {
  const used = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const beforeBytes = used();
  collectGarbage();
  const freedBytes = beforeBytes - used();
  await systemClock.sleep(collectSettleMs);
  return freedBytes;
}
