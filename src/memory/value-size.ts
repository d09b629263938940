import { sizeEstimateNodesMax } from "../kernel/index.js";
import { type Parts, partsOf, slotBytes, textBytes } from "./value-parts.js";

/** A container whose parts are being measured. */
interface Frame {
  parts: Parts;
  step: number;
  /** Parts measured so far, and what they came to. */
  done: number;
  sumBytes: number;
  squareSum: number;
  /** The count of visited values at which this container has had its share of the walk. */
  nodesMax: number;
}

/**
 * Measures JavaScript values by walking their structure as V8 lays it out. Parts that are shared within a
 * value count once. A meter lives as long as a batch, so that a buffer behind many of its items (a chunk
 * of a stream, Node's pool) counts once too: whole, because any view keeps all of it alive.
 *
 * Of a very large value a sample is walked, spread evenly over every container. What was not visited is taken
 * to be like what was, plus three standard errors: the estimate errs upwards.
 */
export class ValueMeter {
  readonly #buffers = new WeakSet<object>();
  readonly #seen = new Set<object>();
  #nodes = 0;

  bytesOf(value: unknown): number {
    if (typeof value === "string") return textBytes(value);
    if (typeof value !== "object" || value === null) return slotBytes;
    const parts = partsOf(value, this.#buffers);
    return Math.ceil(parts.count === 0 ? parts.bytes : this.#walk(value, parts));
  }

  #walk(value: object, rootParts: Parts): number {
    this.#seen.clear();
    this.#seen.add(value);
    this.#nodes = 1;
    let frame = frameOf(rootParts, sizeEstimateNodesMax);
    const open = [frame];
    for (;;) {
      const child = this.#next(frame);
      if (child === undefined) {
        open.pop();
        const parent = open[open.length - 1];
        if (parent === undefined) return totalBytes(frame);
        close(parent, totalBytes(frame));
        frame = parent;
        continue;
      }
      this.#nodes++;
      const parts = partsOf(child, this.#buffers);
      if (parts.count === 0) {
        close(frame, parts.bytes);
      } else {
        frame = frameOf(parts, this.#nodesMaxOfPart(frame));
        open.push(frame);
      }
    }
  }

  /** The next part to walk into; undefined when all were measured or the share of the walk is used up. */
  #next(frame: Frame): object | undefined {
    const { sample } = frame.parts;
    while (frame.done < sample.length && (this.#nodes < frame.nodesMax || frame.done === 0)) {
      const child = sample[(frame.done * frame.step) % sample.length]!;
      if (!this.#seen.has(child)) {
        this.#seen.add(child);
        return child;
      }
      close(frame, 0);
    }
    return undefined;
  }

  #nodesMaxOfPart(frame: Frame): number {
    const left = Math.max(1, frame.parts.sample.length - frame.done);
    return this.#nodes + Math.max(1, (frame.nodesMax - this.#nodes) / left);
  }
}

/**
 * About how many bytes a JavaScript value keeps alive: heap, strings at their true width, buffers whole.
 * Functions, and what closures and private members hold, cannot be seen.
 */
export function valueBytesOf(value: unknown): number {
  return new ValueMeter().bytesOf(value);
}

function frameOf(parts: Parts, nodesMax: number): Frame {
  const step = evenStep(parts.sample.length);
  return { parts, step, done: 0, sumBytes: 0, squareSum: 0, nodesMax };
}

function close(parent: Frame, bytes: number): void {
  parent.done++;
  parent.sumBytes += bytes;
  parent.squareSum += bytes * bytes;
}

function totalBytes(frame: Frame): number {
  const { done, sumBytes, squareSum, parts } = frame;
  const left = parts.count - done;
  if (left <= 0 || done === 0) return parts.bytes + sumBytes;
  const mean = sumBytes / done;
  const variance = Math.max(0, squareSum / done - mean * mean);
  return parts.bytes + sumBytes + left * (mean + 3 * Math.sqrt(variance / done));
}

/**
 * A step that visits all positions, spread evenly however early the walk ends: the golden section of them.
 */
function evenStep(count: number): number {
  if (count < 16) return 1;
  let step = Math.round(count * 0.618);
  while (divisorOf(step, count) !== 1) step++;
  return step;
}

function divisorOf(left: number, right: number): number {
  return right === 0 ? left : divisorOf(right, left % right);
}
