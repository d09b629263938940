// What both algorithms meet: rows that take memory, a commit that takes more for a moment, a leak. It judges
// them.
import { ProcessModel } from "./process-model.js";

/** Batches of an importer that belong to the growth steps of either algorithm. */
const growthBatches = 8;

export class World {
  #scenario;
  #leakedBytes = 0;
  #highBytes = 0;
  #rowsTaken = 0;
  #active;
  batches = [];

  constructor(scenario) {
    this.#scenario = scenario;
    this.#active = scenario.importers.length;
    this.model = new ProcessModel(scenario);
  }

  take(row) {
    this.#rowsTaken++;
    this.#leakedBytes += this.#scenario.leakBytesPerRow;
    this.model.allocate(row.bytes + this.#scenario.leakBytesPerRow);
    this.#highBytes = Math.max(this.#highBytes, this.model.residentBytes);
  }

  /** The commit of a batch: it takes a part of the batch again, then all of it is free. */
  flush(importer, rows) {
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
    const extraBytes = bytes * (this.#scenario.flushFactor - 1);
    this.model.allocate(extraBytes);
    this.#highBytes = Math.max(this.#highBytes, this.model.residentBytes);
    this.model.free(extraBytes);
    this.batches.push({
      importer,
      rows: rows.length,
      bytes,
      at: this.#rowsTaken,
      allowedBytes: this.#allowedBytes(),
      crossed: this.#highBytes > this.#scenario.lineBytes,
    });
    this.#highBytes = 0;
    this.model.free(bytes);
  }

  /** An importer has come to its end: the others have its part. */
  end() {
    this.#active--;
  }

  /** The largest batch with which the process, as it truly is, would touch the line and not cross it. */
  #allowedBytes() {
    const { lineBytes, baselineBytes, flushFactor } = this.#scenario;
    return (lineBytes - baselineBytes - this.#leakedBytes) / flushFactor / this.#active;
  }

  verdict() {
    const { lineBytes, importers } = this.#scenario;
    const judged = importers.flatMap((_, number) => {
      const own = this.batches.filter((batch) => batch.importer === number);
      // The last batch of a source is what is left; without more than the growth steps all others are judged.
      return own.length > growthBatches + 1 ? own.slice(growthBatches, -1) : own.slice(0, -1);
    });
    const sum = (key) => judged.reduce((total, batch) => total + batch[key], 0);
    const sizes = this.batches.map((batch) => batch.rows).sort((left, right) => left - right);
    return {
      rows: sizes.reduce((total, rows) => total + rows, 0),
      batches: sizes.length,
      rowsMedian: sizes[Math.floor(sizes.length / 2)],
      batchesOfOne: sizes.filter((rows) => rows === 1).length,
      utilisation: sum("bytes") / sum("allowedBytes"),
      peakBytes: this.model.peakBytes,
      lineBytes,
      crossings: this.batches.filter((batch) => batch.crossed).length,
    };
  }
}
