import { readRecordId } from "../../model/index.js";
import type { PartScope, SegmentState, StoreParts, TransferRoom } from "../../ports/index.js";
import { PartDigest } from "./part-digest.js";

/** A scope of the store, as one part. */
export interface MeasuredPart {
  scope: PartScope;
  digest: string;
  entries: number;
  rawBytes: number;
}

export interface MeasureOptions {
  signal: AbortSignal;
  partBytesMax: number;
  room: TransferRoom;
}

/** Cuts a scope into parts, each of them as large as it may be. */
export async function* measureParts(
  source: Pick<StoreParts, "entries">,
  scope: PartScope,
  { signal, partBytesMax, room }: MeasureOptions,
): AsyncGenerator<MeasuredPart> {
  let rest = scope;
  let digest = new PartDigest();
  let batchId = -1;
  for await (const entries of source.entries(scope, { signal, room })) {
    for (const entry of entries) {
      const isFull = digest.rawBytes + entry.key.length + entry.value.length > partBytesMax;
      const ownBatchId = scope.kind === "ids" ? readRecordId(entry.key, 0) : -1;
      if (isFull && digest.entries > 0 && (scope.kind === "segment" || ownBatchId !== batchId)) {
        const [part, behind] = splitScope(rest, entry.key);
        yield measured(part, digest);
        rest = behind;
        digest = new PartDigest();
      }
      digest.add(entry);
      batchId = ownBatchId;
    }
  }
  yield measured(rest, digest);
}

/** All of a scope as one part, whatever its size. */
export async function measureWhole(
  source: Pick<StoreParts, "entries">,
  scope: PartScope,
  { signal, room }: Omit<MeasureOptions, "partBytesMax">,
): Promise<MeasuredPart> {
  const parts = measureParts(source, scope, { signal, room, partBytesMax: Number.POSITIVE_INFINITY });
  for await (const part of parts) return part;
  throw new Error("there is always one");
}

export function wholeSegment(segment: SegmentState): PartScope {
  return { kind: "segment", segment, from: new Uint8Array(), to: null };
}

/** What is in front of an entry, and what begins with it. */
function splitScope(scope: PartScope, key: Uint8Array): [PartScope, PartScope] {
  if (scope.kind === "segment") {
    const border = Uint8Array.from(key);
    return [
      { ...scope, to: border },
      { ...scope, from: border },
    ];
  }
  const border = readRecordId(key, 0);
  return [
    { ...scope, endId: border },
    { ...scope, firstId: border },
  ];
}

function measured(scope: PartScope, digest: PartDigest): MeasuredPart {
  const { entries, rawBytes } = digest;
  return { scope, digest: digest.hex(), entries, rawBytes };
}
