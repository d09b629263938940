import { isPlimsollError, PlimsollError } from "../../kernel/index.js";
import { readRecordId } from "../../model/index.js";
import type { PartEntry, PartHome, ReplicaSession, SealedState, SnapshotStorage } from "../../ports/index.js";
import { parseSnapshotName } from "../wire/snapshot-name.js";
import { findReplica } from "./find-replicas.js";
import { partsOfManifest, type ReplicaManifest, type ReplicaPart } from "./manifest.js";
import { measureWhole } from "./measure-parts.js";
import { partObject } from "./object-names.js";
import { PartDigest } from "./part-digest.js";
import { PartRoom, type TransferLine } from "./part-room.js";
import { knownIdParts, planSegments } from "./pull-plan.js";
import type { ReplicaProgress } from "./push-parts.js";
import { digestOfState, type KnownSegment, newNote, type ReplicaNote } from "./replica-note.js";
import { type ListedManifest, ReplicaObjects } from "./replica-objects.js";

export interface PullOptions {
  /** Of the store, as names of its objects begin; null for the only one that there is. */
  name: string | null;
  /** Of several it is the one that is called so, where none is named. */
  folderName?: string | undefined;
  /** The instance that pushed it, where there are several. */
  from?: string | null | undefined;
  /** Where none is given, nothing is refused for want of memory. */
  line?: TransferLine | undefined;
  signal: AbortSignal;
  onProgress?: ((progress: ReplicaProgress) => void) | undefined;
}

export interface PullReport {
  manifest: string;
  instance: string;
  /** When it was pushed, by the clock of whoever did; milliseconds since 1970. */
  pushedAtMs: number;
  /** False where the replica had this state. */
  isNew: boolean;
  parts: number;
  partsRead: number;
  bytesRead: number;
  /** Live records that are visible now. */
  records: number;
}

/**
 * Makes a store what was pushed last: reads the parts that it has not, and has all of it become visible at
 * once. A pull that broke goes on with the first part that is not there.
 */
export async function pullParts(
  storage: SnapshotStorage,
  openReplica: () => Promise<ReplicaSession>,
  { name, folderName = "", from = null, line, signal, onProgress }: PullOptions,
): Promise<PullReport> {
  const objects = new ReplicaObjects(storage, signal);
  const find = () => findReplica(storage, { name, folderName, from }, signal);
  let listed = await find();
  // Nothing is made where there is nothing to pull.
  let room = new PartRoom(line);
  let manifest = await objects.readManifest(listed, room);
  await using session = await openReplica();
  const counts = { partsRead: 0, bytesRead: 0 };
  for (;;) {
    const pull = new Pull({ session, objects, room, listed, manifest, signal, counts, onProgress });
    try {
      return await pull.run();
    } catch (error) {
      if (!isPlimsollError(error) || error.code !== "REPLICA_PART_ABSENT") throw error;
      const newest = await find();
      // Taken away because a newer state does not need it.
      if (newest.object === listed.object) throw error;
      listed = newest;
      room = new PartRoom(line);
      manifest = await objects.readManifest(listed, room);
    }
  }
}

interface PullParts {
  session: ReplicaSession;
  objects: ReplicaObjects;
  room: PartRoom;
  listed: ListedManifest;
  manifest: ReplicaManifest;
  signal: AbortSignal;
  counts: { partsRead: number; bytesRead: number };
  onProgress: PullOptions["onProgress"];
}

class Pull {
  readonly #parts: PullParts;
  readonly #session: ReplicaSession;
  readonly #manifest: ReplicaManifest;
  readonly #note: ReplicaNote;
  readonly #partsTotal: number;
  #partsDone = 0;

  constructor(parts: PullParts) {
    this.#parts = parts;
    this.#session = parts.session;
    this.#manifest = parts.manifest;
    this.#partsTotal = partsOfManifest(parts.manifest).length;
    const { note } = parts.session;
    this.#note = note === null ? newNote() : (JSON.parse(note) as ReplicaNote);
  }

  async run(): Promise<PullReport> {
    this.#refuseForeign();
    const isNew = this.#isNewer();
    if (isNew) await this.#pull();
    // Also what a former pull did not come to.
    else await this.#forgetUnfinished();
    const { listed, counts } = this.#parts;
    const state = this.#session.sealed ?? this.#manifest.sealed;
    const manifest = isNew ? listed.object : this.#note.published!.manifest;
    return {
      manifest,
      instance: listed.instance,
      pushedAtMs: Number(parseSnapshotName(manifest)!.timestampNano / 1_000_000n),
      isNew,
      parts: this.#partsTotal,
      ...counts,
      records: state.liveRecords.reduce((sum, count) => sum + count, 0),
    };
  }

  #refuseForeign(): void {
    const { ownRecords, sealed } = this.#session;
    const { published } = this.#note;
    if (ownRecords !== null) throw this.#foreign(`it has ${ownRecords}`);
    if (sealed === null && published === null) return;
    if (sealed === null || published === null || digestOfState(sealed) !== published.sealed)
      throw this.#foreign("it has records of its own");
    if (this.#manifest.sealed.nextId < sealed.nextId && this.#isNewer())
      throw this.#foreign("it has more records than were pushed");
  }

  /** A storage may list an older state than it did before. */
  #isNewer(): boolean {
    const { published } = this.#note;
    if (published === null) return true;
    if (published.token === this.#manifest.token) return false;
    const { object } = this.#parts.listed;
    return ownerPart(object) !== ownerPart(published.manifest) || object > published.manifest;
  }

  async #pull(): Promise<void> {
    const note = this.#note;
    const idParts = await this.#alignIds();
    const segments = planSegments(note, this.#manifest);
    const begun = segments.filter(({ digests }) => digests.length > 0);
    await this.#session.keepSegments(begun.map(({ number }) => number));
    note.segments = segments;
    note.pulling = this.#manifest.token;
    await this.#commit();
    await this.#pullIds(idParts);
    for (const segment of segments) await this.#pullSegment(segment);
    await this.#publish();
  }

  /** The parts of ids that are there; what lies behind them is deleted. */
  async #alignIds(): Promise<number> {
    const { ids } = this.#manifest;
    const visibleId = this.#visibleId;
    let known = knownIdParts(this.#note, this.#manifest);
    // Parts that were put together since: what is here must be what they hold.
    for (let part = ids[known]; part !== undefined && part.endId <= visibleId; part = ids[++known]) {
      const { firstId, endId, digest } = part;
      const scope = { kind: "ids", firstId, endId } as const;
      const { signal, room } = this.#parts;
      const found = await measureWhole(this.#session, scope, { signal, room });
      if (found.digest !== digest) throw this.#foreign(`records ${firstId} to ${endId} are other ones`);
    }
    this.#note.ids = ids.slice(0, known).map(({ firstId, endId, digest }) => ({ firstId, endId, digest }));
    await this.#session.rollback(Math.max(visibleId, ids[known - 1]?.endId ?? 0));
    return known;
  }

  async #pullIds(known: number): Promise<void> {
    this.#tell(known);
    for (const part of this.#manifest.ids.slice(known)) {
      const { firstId, endId, digest } = part;
      await this.#pullPart({ kind: "ids" }, part);
      this.#note.ids.push({ firstId, endId, digest });
      await this.#commit();
      this.#tell(1);
    }
  }

  async #pullSegment(segment: KnownSegment): Promise<void> {
    const { parts } = this.#manifest.segments[segment.at]!;
    this.#tell(segment.digests.length);
    for (const part of parts.slice(segment.digests.length)) {
      await this.#pullPart({ kind: "segment", number: segment.number }, part);
      segment.digests.push(part.digest);
      segment.isWhole = segment.digests.length === parts.length;
      await this.#commit();
      this.#tell(1);
    }
  }

  /** Nothing of a part counts before all of it was found right. */
  async #pullPart(home: PartHome, part: ReplicaPart & { firstId?: number; endId?: number }): Promise<void> {
    const { objects, listed, counts, room } = this.#parts;
    const digest = new PartDigest();
    let isOther = false;
    try {
      for await (const entry of objects.readPart(listed, part, room)) {
        digest.add(entry);
        if (home.kind === "ids" && readRecordId(entry.key, 0) < this.#visibleId) {
          isOther ||= !this.#isHeld(entry);
          continue;
        }
        if (!(await this.#session.append(home, entry)))
          throw this.#damaged(part, "it has a key that is none");
      }
    } catch (error) {
      throw isPlimsollError(error) && error.code === "SNAPSHOT_ABSENT" ? this.#absent(part) : error;
    }
    if (digest.hex() !== part.digest) throw this.#damaged(part, "it holds something else");
    if (isOther) throw this.#foreign("records that readers see are other ones");
    counts.partsRead++;
    counts.bytesRead += part.objectBytes;
  }

  /** A part may begin below what is new: there it must hold what readers see. */
  #isHeld({ key, value }: PartEntry): boolean {
    const held = this.#session.held(key);
    return held !== null && Buffer.compare(held, value) === 0;
  }

  get #visibleId(): number {
    return this.#session.sealed?.nextId ?? 0;
  }

  async #publish(): Promise<void> {
    const { mapping, sealed: pushed } = this.#manifest;
    const note = this.#note;
    const numbers = note.segments.map(({ number }) => number);
    const liveFolded = this.#session.sealed?.liveFolded;
    const sealed: SealedState = {
      ...pushed,
      segments: pushed.segments.map((segment, at) => ({ ...segment, number: numbers[at]! })),
      ...(liveFolded === undefined ? {} : { liveFolded }),
    };
    const { token } = this.#manifest;
    note.pulling = null;
    note.published = { token, manifest: this.#parts.listed.object, sealed: digestOfState(sealed) };
    await this.#session.publish({ mapping, sealed }, JSON.stringify(note));
    await this.#session.keepSegments([]);
  }

  async #forgetUnfinished(): Promise<void> {
    const note = this.#note;
    const visible = new Set(this.#session.sealed?.segments.map(({ number }) => number));
    await this.#session.rollback(this.#visibleId);
    await this.#session.keepSegments([]);
    if (note.pulling === null) return;
    note.pulling = null;
    note.ids = note.ids.filter(({ endId }) => endId <= this.#visibleId);
    note.segments = note.segments.filter(({ number }) => visible.has(number));
    await this.#commit();
  }

  async #commit(): Promise<void> {
    await this.#session.commit(JSON.stringify(this.#note));
  }

  #tell(parts: number): void {
    this.#partsDone += parts;
    const { counts, onProgress } = this.#parts;
    onProgress?.({ parts: this.#partsDone, partsTotal: this.#partsTotal, bytes: counts.bytesRead });
  }

  #foreign(reason: string): PlimsollError {
    const { instance } = this.#parts.listed;
    return new PlimsollError("REPLICA_FOREIGN", { store: this.#session.name, instance, reason });
  }

  #damaged({ digest }: ReplicaPart, reason: string): PlimsollError {
    const { objects, listed } = this.#parts;
    return objects.damaged(partObject(listed, digest), listed.instance, reason);
  }

  #absent({ digest }: ReplicaPart): PlimsollError {
    const { objects, listed } = this.#parts;
    const { object: manifest, instance } = listed;
    const object = partObject(listed, digest);
    return new PlimsollError("REPLICA_PART_ABSENT", {
      object,
      storage: objects.storageName,
      manifest,
      instance,
    });
  }
}

function ownerPart(manifest: string): string {
  return manifest.split("__", 2).join("__");
}
