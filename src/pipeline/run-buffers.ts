import { assert, type Kernel } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import { KeyBuffer, TupleBuffer } from "../postings/index.js";

/**
 * How the first fill is divided: words and their parts make most tuples where they are indexed; elsewhere
 * keys take more.
 */
const tupleFractionText = 0.9;
const tupleFraction = 0.68;
/** Arena bytes for each tuple of the key buffer: a packed 32-byte key with its head, or two short ones. */
const keyArenaPerEntry = 40;
const tupleBytes = 16;
/** A fill that was shorter says little of how the next one will be. */
const tellingFractionMin = 0.25;
/** Each of the three parts keeps so much of the room, whatever the last fill had of it. */
const partFractionMin = 0.02;

interface Split {
  tuples: number;
  keys: number;
  arenaBytes: number;
}

/**
 * The two run buffers of a worker, in one room. When one is full both are spilled, so what the other had left
 * is lost; records of one kind are alike, so after each fill the room is divided as that fill would have
 * needed it. A record that alone finds no room is given the first division before it is turned down: what a
 * record may hold depends on the line and the mapping only.
 */
export class RunBuffers {
  readonly tuples: TupleBuffer;
  readonly keys: KeyBuffer;
  readonly capacityBytes: number;
  readonly #room: number;
  readonly #first: Split;
  #split: Split;

  constructor(kernel: Kernel, bytes: number, mapping: CompiledMapping) {
    const fixedBytes = TupleBuffer.bytesFor(kernel, 0) + KeyBuffer.bytesFor(kernel, 0, 0);
    this.capacityBytes = Math.floor((bytes - fixedBytes) / tupleBytes) * tupleBytes;
    this.#first = firstSplit(this.capacityBytes, mapping);
    this.#split = this.#first;
    this.#room = kernel.alloc(this.capacityBytes);
    this.tuples = new TupleBuffer(kernel, 0, this.#room);
    this.keys = new KeyBuffer(kernel, 0, 0, this.#room);
    this.#place(this.#first);
  }

  get bytes(): number {
    return (this.tuples.count + this.keys.count) * tupleBytes + this.keys.arenaBytes;
  }

  /** The part of the room that is in use. */
  get fullness(): number {
    return this.bytes / this.capacityBytes;
  }

  /** How to divide the room once what lies in it is gone. */
  nextSplit(): Split {
    const { bytes } = this;
    if (bytes === 0) return this.#first;
    if (bytes < this.capacityBytes * tellingFractionMin) return this.#split;
    const partMin = this.capacityBytes * partFractionMin;
    const scale = (this.capacityBytes - 3 * partMin) / bytes;
    const arenaBytes = Math.floor((partMin + this.keys.arenaBytes * scale) / tupleBytes) * tupleBytes;
    const keys = Math.floor(partMin / tupleBytes + this.keys.count * scale);
    return { tuples: (this.capacityBytes - arenaBytes) / tupleBytes - keys, keys, arenaBytes };
  }

  /** Divides the empty room. */
  divide(split: Split): void {
    assert(this.bytes === 0, "only empty buffers can be divided anew");
    if (split !== this.#split) this.#place(split);
  }

  #place(split: Split): void {
    const { tuples, keys, arenaBytes } = split;
    this.#split = split;
    this.tuples.place(this.#room, tuples, split !== this.#first);
    this.keys.place(this.#room + tuples * tupleBytes, keys, arenaBytes);
  }
}

function firstSplit(bytes: number, mapping: CompiledMapping): Split {
  const hasText = mapping.entities.some(({ fields }) =>
    fields.some(({ indexes }) =>
      indexes.some(({ kind }) => kind === "text" || kind === "stems" || kind === "trigram"),
    ),
  );
  const tuples = Math.floor((bytes * (hasText ? tupleFractionText : tupleFraction)) / tupleBytes);
  const keyBytes = bytes - tuples * tupleBytes;
  const keys = Math.floor(keyBytes / (tupleBytes + keyArenaPerEntry));
  assert(tuples > 0 && keys > 0, "a worker's memory has room for run buffers");
  return { tuples, keys, arenaBytes: keys * keyArenaPerEntry };
}
