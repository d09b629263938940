import { randomUUID } from "node:crypto";
import {
  type Clock,
  isPlimsollError,
  PlimsollError,
  replicaKeepMsDefault,
  replicaPartBytesMax,
  replicaPartsMax,
  replicaPlansMax,
  systemClock,
} from "../../kernel/index.js";
import type {
  IdScope,
  SealedState,
  SegmentState,
  SnapshotStorage,
  StoreParts,
  StoreState,
} from "../../ports/index.js";
import { makeSnapshotName } from "../wire/snapshot-name.js";
import { manifestsOf } from "./find-replicas.js";
import {
  type IdPart,
  partsOfManifest,
  type ReplicaManifest,
  type ReplicaPart,
  type SegmentParts,
} from "./manifest.js";
import { type MeasuredPart, measureParts, measureWhole, wholeSegment } from "./measure-parts.js";
import { partObject, type ReplicaOwner } from "./object-names.js";
import { PartRoom, type TransferLine } from "./part-room.js";
import { partsToKeep } from "./parts-to-keep.js";
import { digestOfState } from "./replica-note.js";
import { type ListedManifest, ReplicaObjects } from "./replica-objects.js";

/** How far a push or a pull is. */
export interface ReplicaProgress {
  /** Parts that are where they belong, of those that are known of so far. */
  parts: number;
  partsTotal: number;
  /** Bytes of objects that were written or read. */
  bytes: number;
}

export interface PushOptions extends ReplicaOwner {
  signal: AbortSignal;
  onProgress?: ((progress: ReplicaProgress) => void) | undefined;
  /** How long parts and manifests stay that are not the newest. */
  keepMs?: number | undefined;
  partBytesMax?: number | undefined;
  clock?: Clock | undefined;
  /** Where none is given, nothing is refused for want of memory. */
  line?: TransferLine | undefined;
  /** What was reported last: while the store is as it was then, the storage is not asked for anything. */
  former?: PushReport | null | undefined;
}

export interface PushReport {
  /** The object of the manifest that has the state of the store. */
  manifest: string;
  /** Whether it was written now: false where the storage had this state. */
  isNew: boolean;
  parts: number;
  partsWritten: number;
  /** Of parts and manifest, as they lie in the storage. */
  bytesWritten: number;
  /** Live records of the state. */
  records: number;
  /** Tells the state from others. */
  state: string;
}

/** Has the storage hold what is sealed in a store: what it has of it already stays. */
export async function pushParts(
  source: StoreParts,
  storage: SnapshotStorage,
  options: PushOptions,
): Promise<PushReport> {
  const push = new Push(source, storage, options);
  for (let plans = 1; ; plans++) {
    try {
      return await push.run();
    } catch (error) {
      // Segments were merged under it. What was written counts, and the rest is looked up anew.
      if (!isPlimsollError(error) || error.code !== "STORE_CHANGED" || plans === replicaPlansMax) throw error;
    }
  }
}

class Push {
  readonly #source: StoreParts;
  readonly #objects: ReplicaObjects;
  readonly #options: PushOptions;
  readonly #place: string;
  /** Bytes of the parts that are in the storage, by digest. */
  #present = new Map<string, number>();
  readonly #clock: Clock;
  readonly #stamp: bigint;
  readonly #room: PartRoom;
  #partsDone = 0;
  #partsWritten = 0;
  #bytesWritten = 0;

  constructor(source: StoreParts, storage: SnapshotStorage, options: PushOptions) {
    const { name, instance, signal } = options;
    // A name that cannot be is told before anything is written.
    makeSnapshotName({ database: name, instance, timestampNano: 0n });
    this.#source = source;
    this.#objects = new ReplicaObjects(storage, signal);
    this.#options = options;
    this.#room = new PartRoom(options.line);
    this.#clock = options.clock ?? systemClock;
    this.#stamp = BigInt(this.#clock.wallMs()) * 1_000_000n;
    this.#place = `${storage.name} ${name} ${instance}`;
  }

  async run(): Promise<PushReport> {
    const state = await this.#source.state();
    if (state === null) throw new PlimsollError("REPLICA_EMPTY", { store: this.#source.name });
    const digest = digestOfState(state.sealed);
    const { former: reported = null } = this.#options;
    if (reported?.state === digest) return { ...reported, isNew: false, partsWritten: 0, bytesWritten: 0 };
    // First of all what is known of the state itself: a refusal that follows tells of both.
    this.#room.holdParts(this.#partsBound(state.sealed));
    const listed = await manifestsOf(this.#objects, this.#options);
    const former = await this.#readFormer(listed.at(-1));
    this.#partsDone = 0;
    this.#present = await this.#objects.parts(this.#options, this.#room);
    for (const { digest, objectBytes } of former === null ? [] : partsOfManifest(former)) {
      // Another object than was written: it is written again.
      if (this.#present.get(digest) !== objectBytes) this.#present.delete(digest);
    }
    const pushed = await this.#pushState(state, former);
    const isSame = former !== null && textOf(former) === textOf(pushed);
    const manifest = isSame ? former : pushed;
    const retired = this.#retire(manifest, former);
    const newest = isSame ? listed.at(-1)! : await this.#publish({ ...pushed, ...retired }, listed.at(-1));
    if (this.#source.recall(this.#place) !== manifest.token) {
      this.#source.remember(this.#place, manifest.token);
    }
    await this.#clean(isSame ? listed : [...listed, newest], retired.expired);
    return {
      manifest: newest.object,
      isNew: !isSame,
      parts: partsOfManifest(manifest).length,
      partsWritten: this.#partsWritten,
      bytesWritten: this.#bytesWritten,
      records: state.sealed.liveRecords.reduce((sum, count) => sum + count, 0),
      state: digest,
    };
  }

  /** One that cannot be read is no reason not to write a better one. */
  async #readFormer(listed: ListedManifest | undefined): Promise<ReplicaManifest | null> {
    if (listed === undefined) return null;
    try {
      return await this.#objects.readManifest(listed, this.#room);
    } catch (error) {
      if (isPlimsollError(error) && !error.retryable) return null;
      throw error;
    }
  }

  async #pushState(
    { mapping, sealed }: StoreState,
    former: ReplicaManifest | null,
  ): Promise<ReplicaManifest> {
    // The numbers of logs are those of its own folder.
    const { liveFolded: _, ...state } = sealed;
    const isOwn = former !== null && (await this.#isOwn(former, state));
    const ids = await this.#pushIds(sealed.nextId, former?.ids ?? [], isOwn);
    const segments: SegmentParts[] = [];
    for (const segment of sealed.segments) {
      const known = isOwn ? this.#knownSegment(segment, former) : null;
      segments.push(known ?? { number: segment.number, parts: await this.#pushSegment(segment) });
    }
    return { token: randomUUID(), mapping, sealed: state, ids, segments, retired: new Map() };
  }

  /**
   * Whether it was this store that pushed the manifest: a store only goes on, so nothing of it need be read
   * again. A folder of which an older state was put back is told by the last ids that it should have.
   */
  async #isOwn(former: ReplicaManifest, state: SealedState): Promise<boolean> {
    if (this.#source.recall(this.#place) !== former.token) return false;
    if (JSON.stringify(state) === JSON.stringify(former.sealed)) return true;
    const last = former.ids.at(-1);
    if (last === undefined) return true;
    if (last.endId > state.nextId) return false;
    const found = await this.#measureWhole(idScope(last));
    return found.digest === last.digest;
  }

  async #pushIds(nextId: number, former: readonly IdPart[], isOwn: boolean): Promise<IdPart[]> {
    const fitting = former.filter(({ endId }) => endId <= nextId);
    const parts: IdPart[] = [];
    for (const part of fitting.slice(0, partsToKeep(fitting, nextId))) {
      if (!isOwn || !this.#present.has(part.digest)) {
        const found = await this.#measureWhole(idScope(part));
        if (found.digest !== part.digest) break;
        parts.push({ ...part, ...(await this.#write(found)) });
      } else parts.push(this.#done(part));
    }
    const firstId = parts.at(-1)?.endId ?? 0;
    if (firstId === nextId) return parts;
    for await (const part of this.#measure({ kind: "ids", firstId, endId: nextId })) {
      const { firstId, endId } = part.scope as IdScope;
      parts.push({ firstId, endId, ...(await this.#write(part)) });
    }
    return parts;
  }

  #knownSegment(segment: SegmentState, former: ReplicaManifest): SegmentParts | null {
    const text = JSON.stringify(segment);
    const at = former.sealed.segments.findIndex((other) => JSON.stringify(other) === text);
    const known = former.segments[at];
    if (known === undefined || !known.parts.every(({ digest }) => this.#present.has(digest))) return null;
    return { ...known, parts: known.parts.map((part) => this.#done(part)) };
  }

  async #pushSegment(segment: SegmentState): Promise<ReplicaPart[]> {
    const parts: ReplicaPart[] = [];
    for await (const part of this.#measure(wholeSegment(segment))) parts.push(await this.#write(part));
    return parts;
  }

  #measure(scope: MeasuredPart["scope"]): AsyncGenerator<MeasuredPart> {
    const { signal } = this.#options;
    const { room, partBytesMax } = { room: this.#room, partBytesMax: this.#partBytesMax };
    return measureParts(this.#source, scope, { signal, partBytesMax, room });
  }

  #measureWhole(scope: IdScope): Promise<MeasuredPart> {
    return measureWhole(this.#source, scope, { signal: this.#options.signal, room: this.#room });
  }

  get #partBytesMax(): number {
    return this.#options.partBytesMax ?? replicaPartBytesMax;
  }

  /** Two parts that follow one another have more than one may; a third is for what frames entries. */
  #partsBound({ segments }: SealedState): number {
    const full = Math.ceil((3 * this.#source.bytesMax()) / this.#partBytesMax);
    return Math.min(replicaPartsMax, 1 + segments.length + full);
  }

  async #write(part: MeasuredPart): Promise<ReplicaPart> {
    const { digest, entries, rawBytes, scope } = part;
    let objectBytes = this.#present.get(digest);
    if (objectBytes === undefined) {
      const slabs = this.#source.entries(scope, { signal: this.#options.signal, room: this.#room });
      objectBytes = await this.#objects.writePart(this.#options, part, slabs, this.#stamp);
      this.#present.set(digest, objectBytes);
      this.#partsWritten++;
      this.#bytesWritten += objectBytes;
    }
    return this.#done({ digest, entries, rawBytes, objectBytes });
  }

  #done<T extends ReplicaPart>(part: T): T {
    if (++this.#partsDone > replicaPartsMax) {
      throw new PlimsollError("REPLICA_TOO_LARGE", { store: this.#source.name, partsMax: replicaPartsMax });
    }
    this.#options.onProgress?.({
      parts: this.#partsDone,
      partsTotal: this.#partsDone,
      bytes: this.#bytesWritten,
    });
    return part;
  }

  /** What is not named any more, since when, and what of it nobody can be reading by now. */
  #retire(manifest: ReplicaManifest, former: ReplicaManifest | null) {
    const nowMs = this.#clock.wallMs();
    const named = new Set(partsOfManifest(manifest).map(({ digest }) => digest));
    const retired = new Map<string, number>();
    const expired: string[] = [];
    for (const digest of this.#present.keys()) {
      if (named.has(digest)) continue;
      const sinceMs = Math.min(nowMs, former?.retired.get(digest) ?? nowMs);
      if (sinceMs + this.#keepMs <= nowMs) expired.push(digest);
      else retired.set(digest, sinceMs);
    }
    return { retired, expired };
  }

  /** Named behind the newest one even where a clock went back: the last name is the newest state. */
  async #publish(manifest: ReplicaManifest, newest: ListedManifest | undefined): Promise<ListedManifest> {
    const now = BigInt(this.#clock.wallMs()) * 1_000_000n;
    const stamp = newest === undefined || newest.timestampNano < now ? now : newest.timestampNano + 1n;
    const written = await this.#objects.writeManifest(this.#options, manifest, stamp);
    this.#bytesWritten += written.bytes;
    return written;
  }

  /** A manifest goes when the one behind it has been there for long. */
  async #clean(manifests: readonly ListedManifest[], expired: readonly string[]): Promise<void> {
    const before = BigInt(this.#clock.wallMs() - this.#keepMs) * 1_000_000n;
    for (const [at, { object }] of manifests.entries()) {
      const next = manifests[at + 1];
      if (next !== undefined && next.timestampNano <= before) await this.#objects.remove(object);
    }
    for (const digest of expired) await this.#objects.remove(partObject(this.#options, digest));
  }

  get #keepMs(): number {
    return this.#options.keepMs ?? replicaKeepMsDefault;
  }
}

function idScope({ firstId, endId }: IdPart): IdScope {
  return { kind: "ids", firstId, endId };
}

/** All that a replica would get of it. */
function textOf({ mapping, sealed, ids, segments }: ReplicaManifest): string {
  return JSON.stringify({ mapping, sealed, ids, segments });
}
