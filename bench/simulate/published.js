// RAM-aware batching as published by Spryker (DataImport, MemoryAllocatedElasticBatch), modelled step by
// step: soft thresholds T/2^g against the absolute memory of the process, a peak factor of the whole process,
// a quota that sticks. In PHP all of the state is static: every importer of a process shares it, and so it is
// one object here.

const gradualityFactor = 5;

class ElasticBatch {
  #model;
  #thresholdBytes;
  #graduality = gradualityFactor;
  #peakFactor = 1;
  #usedBytesAtClose = 1;
  #quotaBytesMax = 0;
  #closed = false;
  #full = false;

  constructor(model, thresholdBytes) {
    this.#model = model;
    this.#thresholdBytes = thresholdBytes;
  }

  isFull() {
    if (this.#full) return true;
    if (this.#closed) {
      this.#peakFactor = Math.round((this.#model.peakBytes / this.#usedBytesAtClose) * 100) / 100;
      this.#closed = false;
    }
    const usedBytes = this.#model.residentBytes;
    if (usedBytes < this.#quotaBytes()) return false;
    this.#usedBytesAtClose = usedBytes;
    if (this.#graduality > 1) this.#graduality--;
    this.#closed = true;
    this.#full = true;
    return true;
  }

  reset() {
    this.#full = false;
  }

  #quotaBytes() {
    if (this.#quotaBytesMax > 0) return this.#quotaBytesMax;
    const quotaBytes = this.#thresholdBytes / 2 ** this.#graduality;
    if (this.#peakFactor <= 1 || Math.floor(this.#peakFactor * quotaBytes) <= this.#thresholdBytes) {
      return quotaBytes;
    }
    this.#quotaBytesMax = Math.floor(this.#thresholdBytes / this.#peakFactor);
    this.#graduality = 0;
    return this.#quotaBytesMax;
  }
}

/**
 * Runs a scenario: the importers take turns, row by row, and each commits its own batch when the batch is
 * full.
 */
export function runPublished(scenario, world) {
  const batch = new ElasticBatch(world.model, scenario.lineBytes);
  const importers = scenario.importers.map((rows, number) => ({
    number,
    rows: rows[Symbol.iterator](),
    batch: [],
  }));
  const open = new Set(importers);
  while (open.size > 0) {
    for (const importer of open) {
      const next = importer.rows.next();
      if (next.done) {
        open.delete(importer);
      } else {
        world.take(next.value);
        importer.batch.push(next.value);
      }
      if (importer.batch.length > 0 && (next.done || batch.isFull())) {
        world.flush(importer.number, importer.batch);
        importer.batch = [];
        batch.reset();
      }
      if (next.done) world.end();
    }
  }
}
