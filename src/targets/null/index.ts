import type { CompiledMapping } from "../../model/index.js";
import {
  type BatchParts,
  type StoreReader,
  type Target,
  type TargetCapabilities,
  type TargetOpenOptions,
  TargetSession,
} from "../../ports/index.js";

const capabilities: TargetCapabilities = { sortedAppend: false, durable: false };

/** Discards what it is given: for measuring reading and decoding alone, and for dry runs. */
export function nullTarget(): Target {
  return {
    name: "null:",
    capabilities,
    async open(options: TargetOpenOptions): Promise<TargetSession> {
      return new NullSession(options);
    },
  };
}

class NullSession extends TargetSession {
  protected override readonly capabilities = capabilities;
  override readonly mapping: CompiledMapping;
  override readonly sealed = null;
  override readonly runsDir = "";

  constructor(options: TargetOpenOptions) {
    super();
    this.mapping = options.mergeMapping(null);
  }

  protected override async _checkpoint(): Promise<null> {
    return null;
  }

  protected override async _finished(): Promise<null> {
    return null;
  }

  protected override async _append(parts: BatchParts): Promise<void> {
    for (const { block } of parts.blocks) this.bytesWritten += block.length;
  }

  protected override async _commit(): Promise<void> {}
  protected override async _flush(): Promise<boolean> {
    return false;
  }

  protected override async _rollback(): Promise<void> {}
  protected override async _forget(): Promise<void> {}
  protected override async _appendTupleBlock(): Promise<void> {}
  protected override async _appendKeyBlock(): Promise<void> {}
  protected override async _publish(): Promise<void> {}
  protected override async _dropSegments(): Promise<void> {}

  protected override _reader(): StoreReader {
    throw new TypeError("the null target keeps nothing to read");
  }

  protected override async _releaseMapped(): Promise<void> {}
  protected override async _close(): Promise<void> {}
}
