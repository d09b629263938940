import { Kernel } from "../../src/kernel/index.js";
import { compileMapping, type Mapping } from "../../src/mapping/index.js";
import type { CompiledEntity, RecordCheck } from "../../src/model/index.js";
import type { LoadReject } from "../../src/pipeline/load-rejects.js";
import { type LoadJob, RecordLoader } from "../../src/pipeline/record-loader.js";
import { KeyBuffer, TupleBuffer } from "../../src/postings/index.js";
import { openRowPage, type RowPage } from "../../src/tables/index.js";

export interface RigOptions {
  tupleCapacity?: number;
  keyCapacity?: number;
  keyArenaBytes?: number;
  inputBytes?: number;
  outputBytes?: number;
  recordBytesMax?: number;
  rowBytesFixed?: number;
}

export interface Loaded {
  /** "index:term:id:payload", sorted, equal tuples kept apart. */
  tuples: string[];
  /** "keyspace:flags:id:version:hex key", sorted. */
  keys: string[];
  /** Text of every stored record by id. */
  records: Map<number, string>;
  blocks: { firstId: number; count: number; bytes: Uint8Array }[];
  /** "index:id" to term. */
  columns: Map<string, bigint>;
  rejects: LoadReject[];
  pages: RowPage[];
  spills: number;
  result: { records: number; recordBytes: number; entity: number };
}

/** A loader in a kernel of exactly the size that it states. */
export class LoaderRig {
  readonly kernel: Kernel;
  readonly loader: RecordLoader;
  readonly tuples: TupleBuffer;
  readonly keys: KeyBuffer;

  constructor(options: RigOptions = {}) {
    const { tupleCapacity = 20_000, keyCapacity = 4096, keyArenaBytes = 1 << 18 } = options;
    const { inputBytes = 1 << 18, outputBytes = 1 << 18, recordBytesMax = inputBytes } = options;
    const { rowBytesFixed = 0 } = options;
    const sizes = { inputBytes, outputBytes, recordBytesMax, rowBytesFixed };
    const probe = new Kernel({ memoryBytes: 1 << 18 });
    const buffers =
      TupleBuffer.bytesFor(probe, tupleCapacity) + KeyBuffer.bytesFor(probe, keyCapacity, keyArenaBytes);
    const memoryBytes = probe.mark() + buffers + RecordLoader.bytesNeeded(probe, sizes) + 64;
    this.kernel = new Kernel({ memoryBytes });
    this.tuples = new TupleBuffer(this.kernel, tupleCapacity);
    this.keys = new KeyBuffer(this.kernel, keyCapacity, keyArenaBytes);
    this.loader = new RecordLoader({ kernel: this.kernel, tuples: this.tuples, keys: this.keys, ...sizes });
  }

  load(
    job: Omit<LoadJob, "bytes" | "firstId"> & { text: string | Uint8Array; firstId?: number },
    check?: RecordCheck,
  ): Loaded {
    const { text, ...rest } = job;
    const loaded: Loaded = {
      tuples: [],
      keys: [],
      records: new Map(),
      blocks: [],
      columns: new Map(),
      rejects: [],
      pages: [],
      spills: 0,
      result: { records: 0, recordBytes: 0, entity: 0 },
    };
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    loaded.result = this.loader.load(
      { firstId: 0, ...rest, bytes },
      {
        block: (firstId, count, block) => this.#takeBlock(loaded, firstId, count, block),
        column: (index, firstId, chunk) => takeColumn(loaded, index, firstId, chunk),
        rows: (page, bytes) => loaded.pages.push(openRowPage(page, bytes.slice().buffer, 0)),
        reject: (reject) => loaded.rejects.push(reject),
        spill: () => {
          loaded.spills++;
          this.#takeBuffers(loaded);
        },
        ...(check === undefined ? {} : { check }),
      },
    );
    this.#takeBuffers(loaded);
    loaded.tuples.sort();
    loaded.keys.sort();
    return loaded;
  }

  #takeBuffers(loaded: Loaded): void {
    const { view, u8 } = this.kernel;
    const tuples = view.getUint32(this.tuples.ptr + 8, true);
    for (let i = 0; i < this.tuples.count; i++) {
      const w0 = view.getBigUint64(tuples + i * 16, true);
      const w1 = view.getBigUint64(tuples + i * 16 + 8, true);
      const term = BigInt.asUintN(64, (w0 << 16n) | (w1 >> 48n));
      loaded.tuples.push(`${w0 >> 48n}:${term}:${(w1 >> 8n) & 0xffffffffffn}:${w1 & 0xffn}`);
    }
    const arena = view.getUint32(this.keys.ptr + 20, true);
    for (let i = 0, at = arena; i < this.keys.count; i++) {
      const flags = u8[at + 10]!;
      const id = view.getUint32(at + 12, true) + u8[at + 16]! * 2 ** 32;
      const version = flags & 2 ? view.getBigUint64(at + 17, true) : null;
      let keyAt = at + (flags & 2 ? 25 : 17);
      let bytes = u8[keyAt++]!;
      if (bytes >= 0x80) bytes = (bytes & 0x7f) | (u8[keyAt++]! << 7);
      const key = Buffer.from(u8.subarray(keyAt, keyAt + bytes)).toString("hex");
      loaded.keys.push(`${view.getUint16(at + 8, true)}:${flags}:${id}:${version}:${key}`);
      at = keyAt + bytes;
    }
    this.tuples.clear();
    this.keys.clear();
  }

  #takeBlock(loaded: Loaded, firstId: number, count: number, block: Uint8Array): void {
    const bytes = block.slice();
    loaded.blocks.push({ firstId, count, bytes });
    const view = new DataView(bytes.buffer);
    const rawBytes = view.getUint32(4, true);
    const payload = bytes.subarray(12);
    const raw = bytes[0] === 0 ? payload : this.#decompress(payload, rawBytes);
    if (raw.length !== rawBytes) throw new Error("a block is as long as it says");
    const rawView = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    let at = count * 8;
    for (let i = 0; i < count; i++) {
      const end = at + rawView.getUint32(i * 8 + 4, true);
      loaded.records.set(
        firstId + rawView.getUint32(i * 8, true),
        Buffer.from(raw.subarray(at, end)).toString(),
      );
      at = end;
    }
    if (at !== raw.length) throw new Error("a block holds its records and nothing else");
  }

  #decompress(payload: Uint8Array, rawBytes: number): Uint8Array {
    const kernel = new Kernel({ memoryBytes: payload.length + rawBytes + (1 << 18) });
    const source = kernel.alloc(payload.length);
    const out = kernel.alloc(rawBytes);
    kernel.u8.set(payload, source);
    const bytes = kernel.exports.lz4Decompress(source, payload.length, out, rawBytes);
    return kernel.u8.slice(out, out + bytes);
  }
}

function takeColumn(loaded: Loaded, index: number, firstId: number, chunk: Uint8Array): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const count = view.getUint32(0, true);
  const presence = chunk.subarray(4 + count * 8);
  if (presence.length !== Math.ceil(count / 8)) throw new Error("a chunk has a presence bit for every value");
  for (let i = 0; i < count; i++) {
    const term = view.getBigUint64(4 + i * 8, true);
    if (presence[i >> 3]! & (1 << (i & 7))) loaded.columns.set(`${index}:${firstId + i}`, term);
    else if (term !== 0n) throw new Error("an absent value is zero");
  }
}

export function entityOf(mapping: Mapping, name?: string): CompiledEntity {
  const { entities } = compileMapping(mapping);
  return entities.find((entity) => entity.name === name) ?? entities[0]!;
}
