import type { StoreState } from "../../ports/index.js";

/** One object of a copy. */
export interface ReplicaPart {
  /** Of its entries: see PartDigest. The object is named by it. */
  digest: string;
  entries: number;
  rawBytes: number;
  /** As the object lies in the storage. */
  objectBytes: number;
}

export interface IdPart extends ReplicaPart {
  firstId: number;
  endId: number;
}

export interface SegmentParts {
  number: number;
  parts: ReplicaPart[];
}

/** A sealed state as it was pushed: everything that it is made of. */
export interface ReplicaManifest extends StoreState {
  /** Random: tells this manifest from any other one, whatever their names are. */
  token: string;
  /** One behind the other, from id 0 to the end. */
  ids: IdPart[];
  /** In the order of the sealed state. */
  segments: SegmentParts[];
  /** Digests of parts that are not named any more, and since when (milliseconds since 1970). */
  retired: Map<string, number>;
}

/** The database within the snapshot of a manifest. */
export const manifestDatabase = "plimsoll_store";

const version = 1;
const digestPattern = /^[0-9a-f]{64}$/;

/** Texts of a manifest by their keys, in the order of these. */
export function manifestTexts(manifest: ReplicaManifest): [key: string, text: string][] {
  const { token, mapping, sealed, ids, segments, retired } = manifest;
  const texts: [string, unknown][] = [
    ["head", { version, token }],
    ["mapping", mapping],
    ["sealed", sealed],
    ...ids.map((part, at): [string, unknown] => [`ids/${ordinal(at)}`, part]),
    ...segments.flatMap(({ number, parts }) =>
      parts.map((part, at): [string, unknown] => [`segments/${ordinal(number)}/${ordinal(at)}`, part]),
    ),
    ...[...retired].map(([digest, sinceMs]): [string, unknown] => [`retired/${digest}`, { sinceMs }]),
  ];
  return texts
    .map(([key, value]): [string, string] => [key, JSON.stringify(value)])
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

/** The manifest that texts make; throws an error whose message says what is wrong with them. */
export class ManifestReader {
  readonly #ids: IdPart[] = [];
  readonly #retired = new Map<string, number>();
  readonly #partsOf = new Map<number, ReplicaPart[]>();
  readonly #single = new Map<string, unknown>();

  add(key: string, text: string): void {
    const value: unknown = JSON.parse(text);
    const [kind, name = "", at] = key.split("/");
    if (kind === "ids") this.#ids.push(checkedPart(value) as IdPart);
    else if (kind === "retired") this.#retired.set(name, (value as { sinceMs: number }).sinceMs);
    else if (kind === "segments" && at !== undefined) {
      const parts = this.#partsOf.get(Number(name)) ?? [];
      parts.push(checkedPart(value));
      this.#partsOf.set(Number(name), parts);
    } else this.#single.set(key, value);
  }

  end(): ReplicaManifest {
    const [ids, retired] = [this.#ids, this.#retired];
    const head = this.#single.get("head") as { version?: unknown; token?: unknown } | undefined;
    if (head?.version !== version || typeof head.token !== "string") throw new Error("it has no known head");
    const mapping = this.#single.get("mapping") as StoreState["mapping"] | undefined;
    const sealed = this.#single.get("sealed") as StoreState["sealed"] | undefined;
    if (mapping === undefined || sealed === undefined) throw new Error("its mapping or state is missing");
    let endId = 0;
    for (const part of ids) {
      if (part.firstId !== endId || !(part.endId > endId)) throw new Error(`ids are missing at ${endId}`);
      endId = part.endId;
    }
    if (endId !== sealed.nextId) throw new Error(`ids end at ${endId} of ${sealed.nextId}`);
    const segments = sealed.segments.map(({ number }) => {
      const parts = this.#partsOf.get(number);
      if (parts === undefined) throw new Error(`segment ${number} has no parts`);
      return { number, parts };
    });
    return { token: head.token, mapping, sealed, ids, segments, retired };
  }
}

/** All parts, ids first. */
export function partsOfManifest({ ids, segments }: ReplicaManifest): ReplicaPart[] {
  return [...ids, ...segments.flatMap(({ parts }) => parts)];
}

/** Keys are in the order of bytes: numbers have as many digits as the largest. */
function ordinal(number: number): string {
  return String(number).padStart(10, "0");
}

function checkedPart(value: unknown): ReplicaPart {
  const { digest = "", objectBytes, rawBytes } = value as Partial<ReplicaPart>;
  const hasSizes = typeof objectBytes === "number" && typeof rawBytes === "number";
  if (hasSizes && digestPattern.test(digest)) return value as ReplicaPart;
  throw new Error("a part has no digest, or no size");
}
