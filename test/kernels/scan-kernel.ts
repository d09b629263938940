import { Kernel } from "../../src/kernel/wasm.js";
import { compileTrie, type TrieField } from "../../src/model/member-trie.js";

export interface ListedValue {
  slot: number;
  type: number;
  flags: number;
  text: string;
}

export interface ScanResult {
  status: number;
  reason: number;
  offset: number;
  values: ListedValue[];
  span: [number, number];
}

export interface ScannerOptions {
  textBytesMax?: number;
  valuesMax?: number;
  stackBytes?: number;
}

/** The scanner in a memory of its own; what lies behind a text is made to mislead and is checked after. */
export class Scanner {
  readonly kernel: Kernel;
  readonly ctx: number;
  readonly text: number;

  constructor(fields: readonly TrieField[] | null, options: ScannerOptions = {}) {
    const { textBytesMax = 1 << 16, valuesMax = 4096 } = options;
    const stackBytes = options.stackBytes ?? (textBytesMax >> 3) + 8;
    const trie = fields === null ? null : compileTrie(fields);
    const sizes = textBytesMax + valuesMax * 16 + stackBytes + (trie?.length ?? 0);
    this.kernel = new Kernel({ memoryBytes: sizes + (1 << 20) });
    this.ctx = this.kernel.alloc(this.kernel.exports.SCAN_CONTEXT_BYTES.value);
    const image = trie === null ? 0 : this.kernel.alloc(trie.length);
    if (trie !== null) this.kernel.u8.set(trie, image);
    const values = this.kernel.alloc(valuesMax * 16);
    const stack = this.kernel.alloc(stackBytes);
    const given = [image, values, valuesMax, stack, stackBytes];
    given.forEach((value, i) => {
      this.kernel.view.setUint32(this.ctx + i * 4, value, true);
    });
    this.text = this.kernel.alloc(textBytesMax + 64);
  }

  scan(text: string | Uint8Array, rule: "scanRecord" | "checkJson" = "scanRecord"): ScanResult {
    const { exports, u8, view } = this.kernel;
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const start = this.text + (bytes.length % 17);
    const end = start + bytes.length;
    u8.set(bytes, start);
    u8.fill(misleadingBytes[bytes.length % misleadingBytes.length]!, end, end + 40);
    const after = u8[end];
    const status = exports[rule](this.ctx, start, end);
    if (u8[end] !== after) throw new Error("the byte behind the text was not put back");
    const read = (offset: number) => view.getUint32(this.ctx + offset, true);
    const values: ListedValue[] = [];
    for (let i = 0; i < read(20); i++) values.push(this.#value(read(4) + i * 16));
    const span: [number, number] = [read(32) - start, read(36) - start];
    return { status, reason: read(28), offset: read(24), values, span };
  }

  #value(at: number): ListedValue {
    const { u8, view } = this.kernel;
    const text = Buffer.from(u8.subarray(view.getUint32(at + 4, true), view.getUint32(at + 8, true)));
    return { slot: view.getUint16(at, true), type: u8[at + 2]!, flags: u8[at + 3]!, text: text.toString() };
  }
}

/** Bytes that would go on a string, a number, white space or a UTF-8 sequence, or close what is open. */
const misleadingBytes = [0x22, 0x31, 0x65, 0x20, 0xa9, 0x7d, 0x5d, 0x0a, 0x00, 0x5c];
