import { resolve } from "node:path";
import type { SourceCursor } from "../../src/ports/index.js";
import { ComicSource, type ComicSourceOptions } from "../../src/sources/comics/index.js";

export interface Drained {
  /** Records by entity, in the order in which they came. */
  records: Record<string, Record<string, unknown>[]>;
  /** Entities in the order in which their frames came. */
  entities: string[];
  rejects: { code: string; reason: string }[];
  /** Behind each frame. */
  cursors: SourceCursor[];
}

export interface DrainOptions {
  cursor?: SourceCursor | null;
  bufferBytes?: number;
  /** Frames to read; then the session is left. */
  frames?: number;
  settle?: boolean;
}

/** A library read to its end, as an import reads it; settled when nothing else is said. */
export async function drain(
  path: string,
  options: Partial<ComicSourceOptions> = {},
  {
    cursor = null,
    bufferBytes = 1 << 16,
    frames = Number.MAX_SAFE_INTEGER,
    settle = true,
  }: DrainOptions = {},
): Promise<Drained> {
  const source = new ComicSource({
    name: path,
    path: resolve(path),
    catalogue: null,
    isCatalogueOfTarget: true,
    isFresh: false,
    ...options,
  });
  const drained: Drained = { records: {}, entities: [], rejects: [], cursors: [] };
  const { signal } = new AbortController();
  {
    await using session = await source.open({ cursor, recordBytesMax: 1 << 20, signal });
    for (let frame = 0; frame < frames; frame++) {
      const read = await session.read(new Uint8Array(bufferBytes), (bytes) => new Uint8Array(bytes));
      if (read === null) break;
      const { entity, length, rejects, cursorAfter } = read.frame;
      const lines = Buffer.from(read.buffer.buffer, read.buffer.byteOffset, length).toString().split("\n");
      const found = lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
      if (found.length > 0) drained.records[entity!] = [...(drained.records[entity!] ?? []), ...found];
      if (drained.entities.at(-1) !== entity) drained.entities.push(entity!);
      drained.rejects.push(...rejects.map(({ code, reason }) => ({ code, reason })));
      drained.cursors.push(cursorAfter);
    }
  }
  if (settle) await source.settle();
  return drained;
}
