import { assert, type Kernel } from "../kernel/index.js";
import type { CompiledMapping, RecordCheck } from "../model/index.js";
import { KeyBuffer, TupleBuffer } from "../postings/index.js";
import { recordCheckOf } from "../presets/index.js";
import { RecordLoader } from "./record-loader.js";
import type { RunSpiller } from "./run-spiller.js";
import type { WorkerOutput } from "./worker-output.js";
import type { DecodeReject, LoadedReply, LoadRequest, WorkerSetup } from "./worker-protocol.js";

/** Words make most tuples where there is full text; elsewhere keys take a larger part. */
const tupleFractionText = 0.9;
const tupleFraction = 0.68;
/** Arena bytes for each tuple of the key buffer: a packed 32-byte key with its head, or two short ones. */
const keyArenaPerEntry = 40;
const tupleBytes = 16;

/** Decodes frames into the two run buffers and into record blocks, and spills what is full. */
export class DecodeStage {
  readonly #setup: WorkerSetup;
  readonly #spiller: RunSpiller;
  readonly #tuples: TupleBuffer;
  readonly #keys: KeyBuffer;
  readonly #loader: RecordLoader;
  readonly #check: RecordCheck | null;

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
    this.#check = setup.isRecordChecked ? recordCheckOf(setup.mapping.preset) : null;
  }

  load(request: LoadRequest, output: WorkerOutput): LoadedReply {
    const rejects: DecodeReject[] = [];
    const entity = this.#setup.mapping.entities[request.entity];
    assert(entity !== undefined, "a frame's entity is in the mapping");
    const { records } = this.#loader.load(
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
        reject: (reject) => rejects.push(reject),
        spill: () => this.spillAll(),
        ...(this.#check === null ? {} : { check: this.#check }),
      },
    );
    return {
      kind: "loaded",
      ordinal: request.ordinal,
      input: request.input,
      records,
      rejects,
      ...output.take(),
    };
  }

  spillAll(): void {
    this.#spiller.spill("tuples", this.#tuples);
    this.#spiller.spill("keys", this.#keys);
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
