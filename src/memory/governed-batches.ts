import {
  assert,
  formatBytes,
  gradualityDefault,
  lineRoomBytesMin,
  lineRoomFraction,
  MiB,
  PlimsollError,
  parseBytes,
} from "../kernel/index.js";
import type { Governor } from "./governor.js";
import { Graduality } from "./graduality.js";
import { resolveLine } from "./line.js";
import { valueBytesOf } from "./value-size.js";

/**
 * Items that were measured together; their memory is given back when the batch is disposed or the next one is
 * asked for.
 */
export interface GovernedBatch<T> extends Iterable<T>, Disposable {
  readonly length: number;
  readonly bytes: number;
  readonly items: readonly T[];
}

export interface GovernedBatchesOptions<T> {
  /**
   * What one batch may hold: bytes, a size such as "64MiB", or "60%" and "auto", which take half of the room
   * that the line leaves above what the process uses now. Not needed beside a governor, whose share of input
   * it is then.
   */
  memory?: number | string;
  /** Doublings from the first batch to the largest. */
  graduality?: number;
  /** Bytes of an item; estimated from its structure when left out. */
  sizeOf?: (item: T) => number;
  signal?: AbortSignal;
  governor?: Governor;
}

/** What opens and closes batches: a budget of its own, or a governor that others share. */
interface Pacer {
  readonly batchBytes: number;
  /** Takes the lease of the next batch, whose first item has these bytes; gives back what releases it. */
  enter(itemBytes: number): Promise<() => void>;
  leave(records: number, bytes: number): Promise<void>;
}

/**
 * Cuts any iterable into batches by measured bytes. Batches grow step by step to the budget and never cross
 * it, except that an item larger than the budget goes alone: it is in memory already. The last, partial batch
 * is handed out too.
 */
export async function* governedBatches<T>(
  source: Iterable<T> | AsyncIterable<T>,
  options: GovernedBatchesOptions<T>,
): AsyncGenerator<GovernedBatch<T>, void, undefined> {
  const { sizeOf = valueBytesOf, signal } = options;
  const pacer = options.governor ? governorPacer(options.governor, signal) : budgetPacer(options);
  let batch: OpenBatch<T> | undefined;
  try {
    for await (const item of source) {
      signal?.throwIfAborted();
      const bytes = sizeOf(item);
      assert(Number.isFinite(bytes) && bytes >= 0, "sizeOf gives a number of bytes");
      if (batch !== undefined && batch.bytes + bytes > batch.bytesMax) {
        yield batch;
        await batch.finish(pacer);
        batch = undefined;
      }
      batch ??= new OpenBatch<T>(pacer.batchBytes, await pacer.enter(bytes));
      batch.add(item, bytes);
    }
    if (batch === undefined) return;
    yield batch;
    await batch.finish(pacer);
  } finally {
    batch?.[Symbol.dispose]();
  }
}

class OpenBatch<T> implements GovernedBatch<T> {
  readonly bytesMax: number;
  length = 0;
  bytes = 0;
  #items: T[] | undefined = [];
  readonly #release: () => void;

  constructor(bytesMax: number, release: () => void) {
    this.bytesMax = bytesMax;
    this.#release = release;
  }

  add(item: T, bytes: number): void {
    this.#items!.push(item);
    this.length++;
    this.bytes += bytes;
  }

  get items(): readonly T[] {
    assert(this.#items !== undefined, "a batch is used before it is disposed or the next one is asked for");
    return this.#items;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }

  finish(pacer: Pacer): Promise<void> {
    this[Symbol.dispose]();
    return pacer.leave(this.length, this.bytes);
  }

  [Symbol.dispose](): void {
    if (this.#items === undefined) return;
    this.#items = undefined;
    this.#release();
  }
}

function governorPacer(governor: Governor, signal: AbortSignal | undefined): Pacer {
  return {
    get batchBytes() {
      return governor.batchBytes;
    },
    async enter(itemBytes) {
      const lease = await governor.admit(governor.batchBytes, signal);
      governor.enlarge(lease, Math.ceil(itemBytes));
      return () => lease.release();
    },
    async leave(records, bytes) {
      governor.noteBatch({ records, bytes });
      await governor.boundary(signal);
    },
  };
}

function budgetPacer<T>(options: GovernedBatchesOptions<T>): Pacer {
  const graduality = new Graduality({
    bytesMax: budgetBytesOf(options.memory ?? "auto"),
    steps: options.graduality ?? gradualityDefault,
  });
  return {
    get batchBytes() {
      return graduality.bytes;
    },
    enter: async () => () => {},
    leave: async (records, bytes) => graduality.note({ records, bytes }),
  };
}

function budgetBytesOf(memory: number | string): number {
  const bytes = typeof memory === "number" ? memory : parseBytes(memory);
  if (bytes !== undefined) {
    assert(Number.isFinite(bytes) && bytes >= 1, "memory is a number of bytes above zero");
    return Math.floor(bytes);
  }
  const line = resolveLine(String(memory), { requestSource: "memory" });
  const usedBytes = process.memoryUsage.rss();
  const roomBytes = line.bytes - usedBytes;
  if (roomBytes >= lineRoomBytesMin) return Math.floor(roomBytes * lineRoomFraction);
  throw new PlimsollError("LINE_TOO_SMALL", {
    line: formatBytes(line.bytes),
    why: `the process already uses ${formatBytes(usedBytes)} of it`,
    minimum: `${Math.ceil((usedBytes + lineRoomBytesMin) / MiB)}MiB`,
  });
}
