import {
  footprintDriftFraction,
  footprintFactorInitial,
  footprintFactorMax,
  lineMarginBytesMin,
  lineRoomFraction,
} from "../kernel/index.js";
import type { MemoryReading } from "./gauge.js";

/**
 * What a process takes for its batches, learned from its resident memory: `floor + factor * bytes leased`.
 *
 * Only a new high of resident memory is evidence, because memory that was given back stays resident and is
 * used again. A new high with more leased than ever before (or one that is large beside what is leased) says
 * what a byte of a batch costs: the factor. A small one with nothing new leased is a leak or the heap's own
 * growth: it raises the floor, and never looks like a batch that costs more.
 */
export class Footprint {
  readonly #lineBytes: number;
  readonly #marginBytes: number;
  readonly #roomBytes: number;
  #factor = footprintFactorInitial;
  #measuredFactor = footprintFactorInitial;
  #floorBytes: number;
  /** Left to what grows unseen. */
  #unseenBytes = 0;
  #fileBytes: number;
  #highBytes: number;
  #peakRssBytes: number;
  #leasedHighBytes = 0;

  constructor(lineBytes: number, reading: MemoryReading) {
    this.#lineBytes = lineBytes;
    this.#roomBytes = Math.max(0, lineBytes - reading.rssBytes);
    const pieceBytes = Math.min(lineMarginBytesMin, this.#roomBytes / 4);
    this.#marginBytes = Math.max(pieceBytes, this.#roomBytes * (1 - lineRoomFraction));
    this.#floorBytes = reading.anonBytes;
    this.#fileBytes = reading.fileBytes;
    this.#highBytes = reading.anonBytes;
    this.#peakRssBytes = reading.peakRssBytes;
  }

  /** Resident bytes for a byte of batches: between 1 and 4. */
  get factor(): number {
    return this.#factor;
  }

  /** What batches may hold together without crossing the line; below zero when there is no room left. */
  get batchBytesMax(): number {
    const keptBytes = this.#marginBytes + this.#fileBytes + this.#floorBytes + this.#unseenBytes;
    return (this.#lineBytes - keptBytes) / this.#factor;
  }

  /**
   * Takes a reading at the end of a batch, with the most that batches held together since the last one.
   * `alone`: no other batch is in memory.
   */
  note(reading: MemoryReading, leasedBytes: number, alone: boolean): void {
    this.#fileBytes = reading.fileBytes;
    // The kernel keeps the highest point between two readings, unless an older one hides it.
    const peaked = reading.peakRssBytes > this.#peakRssBytes;
    this.#peakRssBytes = reading.peakRssBytes;
    const anonBytes = peaked
      ? Math.max(reading.anonBytes, reading.peakRssBytes - reading.fileBytes)
      : reading.anonBytes;
    const growthBytes = anonBytes - this.#highBytes;
    this.#highBytes = Math.max(anonBytes, this.#highBytes);
    // Memory that was visibly given back leaves the floor bare: were the batch still there, it would show.
    const bareBytes = Math.min(this.#highBytes - leasedBytes / 2, this.#floorBytes + leasedBytes / 2);
    const isBare = alone && reading.anonBytes < bareBytes;
    if (isBare) this.noteIdle(reading);
    this.#floorBytes = Math.min(this.#floorBytes, reading.anonBytes);
    if (growthBytes > 0) this.#noteHigh(growthBytes, leasedBytes, isBare);
    this.#leasedHighBytes = Math.max(this.#leasedHighBytes, leasedBytes);
    this.#settle(leasedBytes);
  }

  /**
   * Resident memory was never as high: the batches were dearer or larger than ever, or something else grew.
   */
  #noteHigh(growthBytes: number, leasedBytes: number, isBare: boolean): void {
    const isTypical = leasedBytes >= this.#leasedHighBytes / 2;
    const isOfBatch = isBare || growthBytes >= leasedBytes * footprintDriftFraction;
    if (leasedBytes > this.#leasedHighBytes || (isTypical && isOfBatch)) this.#calibrate(leasedBytes);
    else this.#floorBytes += growthBytes;
    this.#keepMargin(leasedBytes);
  }

  /** Who shares the budget has changed, and so may what a byte of it costs: it is learned again. */
  unsettle(): void {
    this.#factor = Math.max(this.#factor, footprintFactorInitial);
  }

  /**
   * Whether garbage stands in the way of a batch of these bytes: there was room for it (or for a part of it)
   * at the start, and now there is not.
   */
  isNear(reading: MemoryReading, batchBytes: number): boolean {
    const takenBytes = Math.min(this.#factor * batchBytes, this.#roomBytes - this.#marginBytes);
    const markBytes = this.#lineBytes - this.#marginBytes / 2;
    return reading.anonBytes + reading.fileBytes + takenBytes > markBytes;
  }

  /** Takes a reading with no batch in memory: what is there now is the floor. */
  noteIdle(reading: MemoryReading): void {
    this.#fileBytes = reading.fileBytes;
    this.#floorBytes = reading.anonBytes;
    this.#unseenBytes = 0;
  }

  #calibrate(leasedBytes: number): void {
    if (leasedBytes <= 0) return;
    const grownBytes = this.#highBytes - this.#floorBytes;
    this.#measuredFactor = Math.min(footprintFactorMax, grownBytes / leasedBytes);
    this.#floorBytes += Math.max(0, grownBytes - footprintFactorMax * leasedBytes);
  }

  /**
   * The highest point so far bounds what any batch can have cost. A higher cost counts at once, a lower one
   * little by little: garbage that happened to be collected in time may lie longer with the next batch.
   */
  #settle(leasedBytes: number): void {
    if (leasedBytes <= 0) return;
    const boundFactor = (this.#highBytes - this.#floorBytes) / leasedBytes;
    this.#measuredFactor = Math.max(1, Math.min(this.#measuredFactor, boundFactor));
    const change = this.#measuredFactor - this.#factor;
    this.#factor += change > 0 ? change : change / 4;
  }

  /**
   * A new high close under the line means that something grows unseen below what is resident (a leak in a
   * heap that is not returned): the next batches leave it an eighth of their room, the closer the more.
   */
  #keepMargin(leasedBytes: number): void {
    const markBytes = this.#lineBytes - this.#marginBytes / 2;
    const closeness = (this.#highBytes + this.#fileBytes - markBytes) / (this.#marginBytes / 2);
    if (closeness <= 0) return;
    const fraction = footprintDriftFraction * (1 + 2 * Math.min(1, closeness));
    this.#unseenBytes += this.#factor * leasedBytes * fraction;
  }
}
