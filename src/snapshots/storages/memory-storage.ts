import { diskFull, memoryStorageBytesMax, PlimsollError } from "../../kernel/index.js";
import type {
  SnapshotStorage,
  StorageCallOptions,
  StorageReadOptions,
  StorageWriteOptions,
  StoredObject,
} from "../../ports/index.js";
import { checkObjectName } from "./object-name.js";

/** Storages of this process by name: whoever opens the same name sees the same objects. */
const contents = new Map<string, MemoryContent>();

interface MemoryContent {
  objects: Map<string, Uint8Array>;
  bytes: number;
}

/** Objects in the memory of this process, for tests. */
export class MemoryStorage implements SnapshotStorage {
  readonly name: string;
  readonly capabilities = { conditionalWrite: true };
  readonly #content: MemoryContent;

  constructor(name: string) {
    this.name = `memory:${name}`;
    const content = contents.get(name) ?? { objects: new Map(), bytes: 0 };
    contents.set(name, content);
    this.#content = content;
  }

  async *list(prefix: string, { signal }: StorageCallOptions): AsyncIterable<StoredObject> {
    signal.throwIfAborted();
    const names = [...this.#content.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
    for (const name of names) {
      const object = this.#content.objects.get(name);
      if (object === undefined) continue;
      yield { name, bytes: object.byteLength };
      signal.throwIfAborted();
    }
  }

  async *read(name: string, { signal, offset = 0 }: StorageReadOptions): AsyncIterable<Uint8Array> {
    checkObjectName(name);
    signal.throwIfAborted();
    const object = this.#content.objects.get(name);
    if (object === undefined) throw new PlimsollError("SNAPSHOT_ABSENT", { name, storage: this.name });
    if (offset < object.byteLength) yield object.slice(offset);
  }

  async write(
    name: string,
    chunks: AsyncIterable<Uint8Array>,
    { signal, isNew = false }: StorageWriteOptions,
  ): Promise<StoredObject> {
    checkObjectName(name);
    signal.throwIfAborted();
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      bytes += chunk.byteLength;
      if (this.#content.bytes + bytes > memoryStorageBytesMax)
        throw diskFull(this.name, new Error("it is full"));
      parts.push(Uint8Array.from(chunk));
    }
    signal.throwIfAborted();
    const former = this.#content.objects.get(name);
    if (isNew && former !== undefined)
      throw new PlimsollError("SNAPSHOT_NAME_TAKEN", { name, storage: this.name });
    this.#content.objects.set(name, new Uint8Array(Buffer.concat(parts)));
    this.#content.bytes += bytes - (former?.byteLength ?? 0);
    return { name, bytes };
  }

  async remove(name: string, { signal }: StorageCallOptions): Promise<void> {
    checkObjectName(name);
    signal.throwIfAborted();
    this.#content.bytes -= this.#content.objects.get(name)?.byteLength ?? 0;
    this.#content.objects.delete(name);
  }

  /** The objects stay, as they do on a disk. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
