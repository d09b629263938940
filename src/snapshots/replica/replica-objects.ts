import { hostname } from "node:os";
import {
  PlimsollError,
  partSlabBytes,
  replicaManifestBytesMax,
  replicaObjectHeldBytes,
  replicaObjectsMax,
  replicaValueCopies,
} from "../../kernel/index.js";
import type { PartEntry, SnapshotStorage } from "../../ports/index.js";
import type { SnapshotEntry } from "../snapshot-entry.js";
import { openSnapshot } from "../wire/open-snapshot.js";
import { makeSnapshotName, snapshotGeneration, snapshotPrefix } from "../wire/snapshot-name.js";
import { writeSnapshot } from "../wire/snapshot-writer.js";
import { entryWireBytes } from "../wire/wire-sizes.js";
import { PieceJoiner, piecesOf } from "./entry-pieces.js";
import {
  ManifestReader,
  manifestDatabase,
  manifestTexts,
  type ReplicaManifest,
  type ReplicaPart,
} from "./manifest.js";
import type { MeasuredPart } from "./measure-parts.js";
import {
  digestOfObject,
  ownerOfManifest,
  partObject,
  partPrefix,
  type ReplicaOwner,
} from "./object-names.js";
import type { PartRoom } from "./part-room.js";

/** A state of a copy, as the storage lists it. */
export interface ListedManifest extends ReplicaOwner {
  object: string;
  timestampNano: bigint;
  bytes: number;
}

const partDatabase = "plimsoll_part";

/** The objects that copies consist of: manifests, which are snapshots of their own, and parts beside them. */
export class ReplicaObjects {
  readonly #storage: SnapshotStorage;
  readonly #signal: AbortSignal;

  constructor(storage: SnapshotStorage, signal: AbortSignal) {
    this.#storage = storage;
    this.#signal = signal;
  }

  get storageName(): string {
    return this.#storage.name;
  }

  /** Manifests of stores of this name, or of all; those of one owner from the oldest to the newest. */
  async *manifests(name: string | null): AsyncGenerator<ListedManifest> {
    const prefix = name === null ? "" : snapshotPrefix(name);
    for await (const { name: object, bytes } of this.#storage.list(prefix, { signal: this.#signal })) {
      const owner = ownerOfManifest(object);
      if (owner !== null && (name === null || owner.name === name)) yield { ...owner, object, bytes };
    }
  }

  /** Bytes of each part that is there, by its digest; of very many the first ones by name. */
  async parts(owner: ReplicaOwner, room: PartRoom, most = replicaObjectsMax): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    let count = 0;
    const listed = this.#storage.list(partPrefix(owner), { signal: this.#signal });
    for await (const { name, bytes } of listed) {
      const digest = digestOfObject(owner, name);
      if (digest === null) continue;
      count++;
      // Counted to the end, so that the refusal can say what all of them need.
      if (room.has(count * replicaObjectHeldBytes)) found.set(digest, bytes);
      if (count === most) break;
    }
    room.hold(count * replicaObjectHeldBytes);
    return found;
  }

  async readManifest({ object, instance }: ListedManifest, room: PartRoom): Promise<ReplicaManifest> {
    const reader = new ManifestReader();
    let fault: unknown = null;
    let bytes = 0;
    let count = 0;
    for await (const { key, value } of this.#entries(object, manifestDatabase, instance)) {
      bytes += key.length + value.length;
      if (bytes > replicaManifestBytesMax) throw this.damaged(object, instance, "no manifest is so large");
      count++;
      // Counted to the end, so that the refusal can say what all of them need.
      if (!room.hasParts(count)) continue;
      try {
        reader.add(Buffer.from(key).toString(), Buffer.from(value).toString());
      } catch (error) {
        // The checksum behind all of it may say more.
        fault ??= error;
      }
    }
    room.holdParts(count);
    try {
      if (fault !== null) throw fault;
      return reader.end();
    } catch (cause) {
      throw this.damaged(object, instance, cause instanceof Error ? cause.message : String(cause));
    }
  }

  async writeManifest(
    owner: ReplicaOwner,
    manifest: ReplicaManifest,
    stamp: bigint,
  ): Promise<ListedManifest> {
    const { name, instance } = owner;
    const object = makeSnapshotName({ database: name, instance, timestampNano: stamp });
    const texts = manifestTexts(manifest);
    const entriesBytes = texts.reduce(
      (sum, [key, text]) => sum + entryWireBytes(Buffer.byteLength(key), Buffer.byteLength(text), stamp, 0),
      0,
    );
    const entries = entriesOf(texts);
    const content = { database: manifestDatabase, entriesBytes, entries: stamped(entries, stamp) };
    const bytes = await this.#write(object, owner, stamp, content);
    return { ...owner, object, timestampNano: stamp, bytes };
  }

  /** Entries of a part, whole values; they hold until the next one is asked for. */
  async *readPart(
    owner: ReplicaOwner,
    { digest, rawBytes }: Pick<ReplicaPart, "digest" | "rawBytes">,
    room: PartRoom,
  ): AsyncGenerator<PartEntry> {
    const joiner = new PieceJoiner();
    const object = partObject(owner, digest);
    let held: Disposable | null = null;
    try {
      for await (const piece of this.#entries(object, partDatabase, owner.instance)) {
        const bytes = joiner.heldBytes + piece.value.length;
        if (bytes > rawBytes)
          throw this.damaged(object, owner.instance, "it has more than the manifest says");
        held?.[Symbol.dispose]();
        held = bytes > partSlabBytes ? room.hold(bytes * replicaValueCopies) : null;
        const entry = joiner.add(piece);
        if (entry !== null) yield entry;
      }
    } finally {
      held?.[Symbol.dispose]();
    }
  }

  /** Writes what was measured; the answer is the size of the object. */
  async writePart(
    owner: ReplicaOwner,
    { digest, rawBytes }: MeasuredPart,
    slabs: AsyncIterable<readonly PartEntry[]>,
    stamp: bigint,
  ): Promise<number> {
    const content = { database: partDatabase, entriesBytes: rawBytes, entries: inPieces(slabs, stamp) };
    return await this.#write(partObject(owner, digest), owner, stamp, content);
  }

  async remove(object: string): Promise<void> {
    await this.#storage.remove(object, { signal: this.#signal });
  }

  damaged(object: string, instance: string, reason: string): PlimsollError {
    return new PlimsollError("REPLICA_DAMAGED", { object, storage: this.storageName, reason, instance });
  }

  async *#entries(object: string, database: string, instance: string): AsyncGenerator<SnapshotEntry> {
    const signal = this.#signal;
    const chunks = this.#storage.read(object, { signal });
    await using reader = await openSnapshot(chunks, { name: object, signal });
    const head = await reader.nextDbi();
    if (head?.name !== database) throw this.damaged(object, instance, "it is no part of a copy of a store");
    while (await reader.fill()) {
      for (let entry = reader.next(); entry !== null; entry = reader.next()) yield entry;
    }
    // The checksum stands behind all of it.
    if ((await reader.nextDbi()) !== null)
      throw this.damaged(object, instance, "it holds something else too");
  }

  async #write(
    object: string,
    { name, instance }: ReplicaOwner,
    timestampNano: bigint,
    content: {
      database: string;
      entriesBytes: number;
      entries: Iterable<SnapshotEntry> | AsyncIterable<SnapshotEntry>;
    },
  ): Promise<number> {
    const meta = {
      generationId: snapshotGeneration,
      instanceId: instance,
      hostname: hostname(),
      databaseName: name,
      lmdbTxnId: 0n,
      timestampNano,
      fromLmdbTxnId: 0n,
    };
    const { database, entriesBytes, entries } = content;
    const dbis = [{ head: { name: database, flags: 0n, transform: "" }, entriesBytes, entries }];
    const signal = this.#signal;
    const { bytes } = await this.#storage.write(object, writeSnapshot({ meta, dbis }, { signal }), {
      signal,
    });
    return bytes;
  }
}

/** Made one by one: a manifest may have very many. */
function* entriesOf(texts: readonly [key: string, text: string][]): Iterable<PartEntry> {
  for (const [key, text] of texts) yield { key: Buffer.from(key), value: Buffer.from(text) };
}

function* stamped(entries: Iterable<PartEntry>, timestampNano: bigint): Iterable<SnapshotEntry> {
  for (const { key, value } of entries) yield { key, value, timestampNano, isDeleted: false };
}

async function* inPieces(
  slabs: AsyncIterable<readonly PartEntry[]>,
  timestampNano: bigint,
): AsyncGenerator<SnapshotEntry> {
  for await (const entries of slabs) {
    for (const entry of entries) yield* stamped(piecesOf(entry), timestampNano);
  }
}
