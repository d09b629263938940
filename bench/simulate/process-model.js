// A process as the kernel sees it: what is live, what stays resident after it was freed, and the peak.

/**
 * Memory is taken from the system in pieces of this size (PHP's chunks; much the same in other allocators).
 */
const chunkBytes = 2 * 1024 * 1024;

export class ProcessModel {
  #residentBytes = 0;

  /**
   * `returnsHeap`: freed memory goes back to the system at once; otherwise it stays resident and is used
   * again.
   */
  constructor({ baselineBytes, returnsHeap }) {
    this.liveBytes = baselineBytes;
    this.returnsHeap = returnsHeap;
    this.peakBytes = 0;
    this.#touch();
  }

  allocate(bytes) {
    this.liveBytes += bytes;
    this.#touch();
  }

  free(bytes) {
    this.liveBytes -= bytes;
    if (this.returnsHeap) this.#residentBytes = roundedUp(this.liveBytes);
  }

  get residentBytes() {
    return this.#residentBytes;
  }

  #touch() {
    this.#residentBytes = Math.max(this.#residentBytes, roundedUp(this.liveBytes));
    this.peakBytes = Math.max(this.peakBytes, this.#residentBytes);
  }
}

/** The gauge that Plimsoll reads, over such a process. */
export class ModelGauge {
  #model;
  #reading = {
    rssBytes: 0,
    peakRssBytes: 0,
    anonBytes: 0,
    fileBytes: 0,
    heapBytes: 0,
    externalBytes: 0,
    arrayBufferBytes: 0,
    cgroup: null,
    pressureSomeAvg10: null,
  };

  constructor(model) {
    this.#model = model;
  }

  read() {
    this.#reading.rssBytes = this.#model.residentBytes;
    this.#reading.anonBytes = this.#model.residentBytes;
    this.#reading.peakRssBytes = this.#model.peakBytes;
    return this.#reading;
  }

  close() {}

  [Symbol.dispose]() {}
}

function roundedUp(bytes) {
  return Math.ceil(bytes / chunkBytes) * chunkBytes;
}
