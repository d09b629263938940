import { readFileSync } from "node:fs";
import { assert } from "./assert.js";
import type { KernelExports } from "./kernel-exports.js";

const pageBytes = 65536;

/**
 * Kernels copy in steps of 16 bytes and may read a little beyond their input: no region ends at the memory's
 * end.
 */
const guardBytes = 64;

let compiled: WebAssembly.Module | undefined;

/** The kernels' module, compiled once in a process; workers are handed it. */
export function compileKernels(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../dist/kernels.wasm", import.meta.url)));
  return compiled;
}

export type KernelImports = Record<string, Record<string, (...values: number[]) => number>>;

/** What kernels ask the host for while they make entries: see kernels/stems.ts and load-places.ts. */
export interface ValueRules {
  hasLanguage(language: number): boolean;
  /** Writes the stem of a word and returns its bytes; 0 when the word is left out. */
  stem(language: number, start: number, end: number, out: number, bytesMax: number): number;
  /** Writes the term of a place; false when the value is none. */
  place(value: number, longitude: number, out: number): boolean;
}

export interface KernelOptions {
  /** Everything the kernel will ever use, its own tables included; rounded up to whole pages of 64 KiB. */
  memoryBytes: number;
  module?: WebAssembly.Module;
  /** Host functions by module and name; the ones that are left out trap when a kernel calls them. */
  imports?: KernelImports;
}

/**
 * An instance of the kernels with a memory of fixed size, handed out in regions from the bottom up.
 * The memory never grows, so what a kernel costs is known before it starts.
 */
export class Kernel {
  readonly memoryBytes: number;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly exports: KernelExports;
  #top: number;
  #valueRules: ValueRules | null = null;

  constructor(options: KernelOptions) {
    const module = options.module ?? compileKernels();
    const pages = Math.ceil(options.memoryBytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const buffer = memory.buffer;
    const rules = () => {
      assert(this.#valueRules, "a kernel that meets words of a language, or places, was given their rules");
      return this.#valueRules;
    };
    const own: KernelImports[string] = {
      parseNumber: numberParser(buffer),
      hasLanguage: (language) => Number(rules().hasLanguage(language!)),
      stem: (language, start, end, out, bytesMax) => rules().stem(language!, start!, end!, out!, bytesMax!),
      place: (value, longitude, out) => Number(rules().place(value!, longitude!, out!)),
    };
    const imports = { load: own, ...options.imports };
    const instance = new WebAssembly.Instance(module, importsOf(module, memory, imports));
    this.memoryBytes = pages * pageBytes;
    this.u8 = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.exports = instance.exports as KernelExports;
    this.#top = this.exports.heapBase();
    assert(this.#top + guardBytes <= this.memoryBytes, "a kernel's memory holds at least its own tables");
  }

  setValueRules(rules: ValueRules): void {
    this.#valueRules = rules;
  }

  /** Bytes that `alloc` can still hand out. */
  get freeBytes(): number {
    return this.memoryBytes - guardBytes - this.#top;
  }

  /** Hands out a region; its contents are undefined. Running out is a bug: the caller states memoryBytes. */
  alloc(bytes: number, align = 16): number {
    const start = Math.ceil(this.#top / align) * align;
    assert(start + bytes <= this.memoryBytes - guardBytes, `kernel memory has room for ${bytes} bytes`);
    this.#top = start + bytes;
    return start;
  }

  /** The present end of what is handed out: everything above it goes back with `release`. */
  mark(): number {
    return this.#top;
  }

  release(mark: number): void {
    assert(mark <= this.#top, "regions are released in reverse order");
    this.#top = mark;
  }
}

/** Decides the rare decimals that the kernels' exact paths do not: Number() is correctly rounded. */
function numberParser(memory: ArrayBuffer): (start: number, end: number) => number {
  return (start, end) => Number(Buffer.from(memory, start, end - start).toString("latin1"));
}

function importsOf(module: WebAssembly.Module, memory: WebAssembly.Memory, given: KernelImports) {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const wanted of WebAssembly.Module.imports(module)) {
    imports[wanted.module] ??= {};
    if (wanted.kind === "memory") imports[wanted.module]![wanted.name] = memory;
    else imports[wanted.module]![wanted.name] = given[wanted.module]?.[wanted.name] ?? trap(wanted.name);
  }
  return imports;
}

function trap(name: string): () => never {
  return () => {
    throw new WebAssembly.RuntimeError(`this kernel was given no host function ${name}`);
  };
}
