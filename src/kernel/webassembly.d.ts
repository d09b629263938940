/**
 * The part of the WebAssembly interface that the kernels need. TypeScript declares it in its DOM library
 * only, which would bring in everything else of a browser.
 */
declare namespace WebAssembly {
  type ImportValue = Memory | ((...values: number[]) => number);
  type ValueKind = "function" | "global" | "memory" | "table";

  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): { module: string; name: string; kind: ValueKind }[];
  }
  class Memory {
    constructor(size: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, ImportValue>>);
    readonly exports: object;
  }
  interface Global {
    readonly value: number;
  }
  class RuntimeError extends Error {}
}
