import { assert, type Kernel } from "../kernel/index.js";
import type { CompiledMapping, RecordCheck } from "../model/index.js";
import { KeyBuffer, TupleBuffer } from "../postings/index.js";
import { recordCheckOf } from "../presets/index.js";
import { RecordLoader } from "./record-loader.js";
import type { RunSpiller } from "./run-spiller.js";
import type { Work } from "./worker-merge.js";
import type { WorkerOutput } from "./worker-output.js";
import type { LoadedReply, LoadRequest, WorkerSetup } from "./worker-protocol.js";

/** Words make most tuples where there is full text; elsewhere keys take a larger part. */
const tupleFractionText = 0.9;
const tupleFraction = 0.68;
/** Arena bytes for each tuple of the key buffer: a packed 32-byte key with its head, or two short ones. */
const keyArenaPerEntry = 40;
const tupleBytes = 16;
/** Run buffers of which more than this has been touched are not worth an early spill. */
const touchedFractionMax = 0.75;

/** Decodes frames into the two run buffers and into record blocks, and spills what is full. */
export class DecodeStage {
  readonly #setup: WorkerSetup;
  readonly #spiller: RunSpiller;
  readonly #tuples: TupleBuffer;
  readonly #keys: KeyBuffer;
  readonly #loader: RecordLoader;
  readonly #check: RecordCheck | null;
  readonly #capacityBytes: number;
  /** The most that the run buffers have held: above it their memory was never touched. */
  #touchedBytes = 0;
  #limitBytes: number;

  constructor(setup: WorkerSetup, kernel: Kernel, spiller: RunSpiller) {
    this.#setup = setup;
    this.#spiller = spiller;
    const { inputBytes, outputBytes, recordBytesMax } = setup.layout;
    const sizes = { inputBytes, outputBytes, recordBytesMax };
    const room = kernel.freeBytes - RecordLoader.bytesNeeded(kernel, sizes);
    const { tupleCapacity, keyCapacity } = capacitiesOf(kernel, room, setup.mapping);
    this.#tuples = new TupleBuffer(kernel, tupleCapacity);
    this.#keys = new KeyBuffer(kernel, keyCapacity, keyCapacity * keyArenaPerEntry);
    this.#loader = new RecordLoader({ kernel, tuples: this.#tuples, keys: this.#keys, ...sizes });
    this.#capacityBytes = tupleCapacity * tupleBytes + keyCapacity * (tupleBytes + keyArenaPerEntry);
    this.#limitBytes = this.#capacityBytes;
    const { isRecordChecked, isSignatureChecked, mapping } = setup;
    const isChecked = isRecordChecked || isSignatureChecked;
    this.#check = isChecked ? recordCheckOf(mapping.preset, isSignatureChecked) : null;
  }

  *load(request: LoadRequest, output: WorkerOutput): Work<LoadedReply> {
    const entity = this.#setup.mapping.entities[request.entity];
    assert(entity !== undefined, "a frame's entity is in the mapping");
    const { records } = yield* this.#loader.loading(
      {
        entity,
        format: request.format,
        header: request.header,
        bytes: new Uint8Array(request.input, 0, request.length),
        firstId: request.firstId,
      },
      {
        block: (firstId, _count, block) => output.add({ kind: "block", firstId }, block),
        column: (index, firstId, chunk) => output.add({ kind: "column", index, firstId }, chunk),
        reject: (reject) => output.addReject(reject),
        spill: () => {
          this.#spiller.noteFull();
          this.spillAll();
        },
        ...(this.#check === null ? {} : { check: this.#check }),
      },
    );
    this.#noteTouched();
    if (this.#touchedNow() >= this.#limitBytes) this.spillAll();
    return {
      kind: "loaded",
      ordinal: request.ordinal,
      input: request.input,
      records,
      ...output.take(),
    };
  }

  /**
   * Lowers the level at which the buffers are spilled to what they have held so far; records are cut off by
   * it no more than by a checkpoint, since it is looked at between frames. Where nearly all was touched there
   * is nothing to win.
   */
  limitRuns(isLimited: boolean): { limitBytes: number; capacityBytes: number } {
    const capacityBytes = this.#capacityBytes;
    this.#noteTouched();
    const isWorthIt = isLimited && this.#touchedBytes < capacityBytes * touchedFractionMax;
    if (isWorthIt) this.spillAll();
    this.#limitBytes = isWorthIt ? this.#touchedBytes : capacityBytes;
    return { limitBytes: this.#limitBytes, capacityBytes };
  }

  #touchedNow(): number {
    const keyBytes = this.#keys.count * tupleBytes + this.#keys.arenaBytes;
    return this.#tuples.count * tupleBytes + keyBytes;
  }

  #noteTouched(): void {
    this.#touchedBytes = Math.max(this.#touchedBytes, this.#touchedNow());
  }

  spillAll(): void {
    this.#noteTouched();
    this.#spiller.spillAll(this.#tuples, this.#keys);
  }
}

function capacitiesOf(kernel: Kernel, room: number, mapping: CompiledMapping) {
  const hasText = mapping.entities.some(({ fields }) =>
    fields.some(({ indexes }) => indexes.some(({ kind }) => kind === "text")),
  );
  const tupleRoom = Math.floor(room * (hasText ? tupleFractionText : tupleFraction));
  const tupleCapacity = Math.floor((tupleRoom - TupleBuffer.bytesFor(kernel, 0)) / tupleBytes);
  const keyRoom = room - tupleRoom - KeyBuffer.bytesFor(kernel, 0, 0);
  const keyCapacity = Math.floor(keyRoom / (tupleBytes + keyArenaPerEntry));
  assert(tupleCapacity > 0 && keyCapacity > 0, "a worker's memory has room for run buffers");
  return { tupleCapacity, keyCapacity };
}
