import type { SnapshotStorage, StoredObject } from "../../src/ports/index.js";
import { still } from "../storage-world.js";

/** A broken storage, and the clause that has to catch it. */
export interface StorageSaboteur {
  name: string;
  clause: string;
  spoil(storage: SnapshotStorage): SnapshotStorage;
}

type Verbs = Partial<SnapshotStorage>;
type Chunks = AsyncIterable<Uint8Array>;

/** A storage that differs from another one in some verbs. */
function changed(storage: SnapshotStorage, verbs: Verbs): SnapshotStorage {
  return new Proxy(storage, {
    get(_target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(verbs, name) ? verbs : storage, name, storage);
      return typeof value === "function" ? value.bind(storage) : value;
    },
  });
}

async function collected(chunks: Chunks): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

async function names(storage: SnapshotStorage, prefix: string): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of storage.list(prefix, { signal: still() })) found.push(object);
  return found;
}

/** A list of which something else is made when all of it is known. */
function listing(change: (objects: StoredObject[], prefix: string) => StoredObject[]) {
  return (storage: SnapshotStorage) =>
    changed(storage, {
      list: async function* (prefix, { signal }) {
        signal.throwIfAborted();
        for (const object of change(await names(storage, prefix), prefix)) {
          yield object;
          signal.throwIfAborted();
        }
      },
    });
}

/** Chunks of a read of which something else is made. */
function reading(change: (content: Buffer, offset: number) => Buffer) {
  return (storage: SnapshotStorage) =>
    changed(storage, {
      read: async function* (name, options) {
        const content = await collected(storage.read(name, options));
        options.signal.throwIfAborted();
        if (content.byteLength > 0) yield change(content, options.offset ?? 0);
        options.signal.throwIfAborted();
      },
    });
}

/** Changes nothing: what a wrapper alone does must break no clause. */
export const harmlessStorageWrapper: StorageSaboteur = {
  name: "is wrapped and otherwise as it was",
  clause: "",
  spoil: (storage) => changed(storage, {}),
};

const readSaboteurs: StorageSaboteur[] = [
  {
    name: "takes a cut read for the end",
    clause: "R1",
    spoil: reading((content) => content.subarray(0, 60_000)),
  },
  {
    name: "reads one bit otherwise",
    clause: "R1",
    spoil: reading((content) => {
      content[content.length - 1]! ^= 1;
      return content;
    }),
  },
  {
    name: "keeps the chunks that it was given",
    clause: "R1",
    spoil: (storage) =>
      changed(storage, {
        write: async (name, chunks, options) => {
          const kept: Uint8Array[] = [];
          for await (const chunk of chunks) kept.push(chunk);
          return storage.write(name, once(Buffer.concat(kept)), options);
        },
      }),
  },
  {
    name: "reads from the start whatever it is told",
    clause: "R2",
    spoil: (storage) => changed(storage, { read: (name, { signal }) => storage.read(name, { signal }) }),
  },
  {
    name: "reads nothing where nothing is",
    clause: "R3",
    spoil: (storage) =>
      changed(storage, {
        read: async function* (name, options) {
          try {
            yield* storage.read(name, options);
          } catch {}
        },
      }),
  },
  {
    name: "goes on in whatever has the name by now",
    clause: "R4",
    spoil: (storage) =>
      changed(storage, {
        read: async function* (name, { signal, offset: start = 0 }) {
          for (let offset = start; ; offset += 60_000) {
            const rest = await collected(storage.read(name, { signal, offset }));
            if (rest.byteLength === 0) return;
            yield rest.subarray(0, 60_000);
          }
        },
      }),
  },
  {
    name: "lists as names come",
    clause: "L1",
    spoil: listing((objects) => objects.slice(1).concat(objects.slice(0, 1))),
  },
  {
    name: "orders a folder as its name alone",
    clause: "L1",
    spoil: listing((objects) => objects.sort((a, b) => (a.name.split("/") < b.name.split("/") ? -1 : 1))),
  },
  {
    name: "lists without sizes",
    clause: "L1",
    spoil: listing((objects) => objects.map(({ name }) => ({ name, bytes: 0 }))),
  },
  {
    name: "takes a prefix for a folder",
    clause: "L2",
    spoil: listing((objects, prefix) =>
      objects.filter(
        ({ name }) => prefix === "" || name.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`),
      ),
    ),
  },
  {
    name: "loses the second page of a list",
    clause: "L3",
    spoil: listing((objects) => objects.slice(0, 16)),
  },
  {
    name: "gives the last of a page again",
    clause: "L3",
    spoil: listing((objects) =>
      objects.flatMap((object, index) => (index === 15 ? [object, object] : [object])),
    ),
  },
  {
    name: "removes what begins like it, too",
    clause: "D1",
    spoil: (storage) =>
      changed(storage, {
        remove: async (name, options) => {
          for (const object of await names(storage, name)) await storage.remove(object.name, options);
        },
      }),
  },
  {
    name: "only hides what it removes",
    clause: "D1",
    spoil: (storage) => {
      const hidden = new Set<string>();
      const shown = listing((objects) => objects.filter(({ name }) => !hidden.has(name)))(storage);
      return changed(shown, {
        remove: async (name) => {
          hidden.add(name);
        },
      });
    },
  },
  {
    name: "makes harmless names of strange ones",
    clause: "N1",
    spoil: (storage) =>
      changed(storage, {
        write: (name, chunks, options) => storage.write(name.replace(/[^a-z]/g, "") || "x", chunks, options),
      }),
  },
  {
    name: "does not listen while it lists",
    clause: "A1",
    spoil: (storage) => changed(storage, { list: (prefix) => storage.list(prefix, { signal: still() }) }),
  },
  {
    name: "forgets when it is closed",
    clause: "C1",
    spoil: (storage) =>
      changed(storage, {
        [Symbol.asyncDispose]: async () => {
          for (const { name } of await names(storage, "")) await storage.remove(name, { signal: still() });
          await storage[Symbol.asyncDispose]();
        },
      }),
  },
];

/** Writes what has come so far again and again, each time under the name itself. */
async function writeAsItComes(storage: SnapshotStorage, name: string, chunks: Chunks): Promise<StoredObject> {
  let whole = Buffer.alloc(0);
  for await (const chunk of chunks) {
    whole = Buffer.concat([whole, chunk]);
    await storage.write(name, once(whole), { signal: still() });
  }
  return storage.write(name, once(whole), { signal: still() });
}

const writeSaboteurs: StorageSaboteur[] = [
  {
    name: "shows what is not finished",
    clause: "W1",
    spoil: (storage) => changed(storage, { write: (name, chunks) => writeAsItComes(storage, name, chunks) }),
  },
  {
    name: "takes the former object away first",
    clause: "W2",
    spoil: (storage) =>
      changed(storage, {
        write: async (name, chunks, options) => {
          await storage.remove(name, options);
          return storage.write(name, chunks, options);
        },
      }),
  },
  {
    name: "stores what came before the chunks threw",
    clause: "W3",
    spoil: (storage) =>
      changed(storage, {
        write: async (name, chunks, options) => {
          const { failure, content } = await untilFailure(chunks);
          await storage.write(name, once(content), options);
          if (failure !== undefined) throw failure;
          return { name, bytes: content.byteLength };
        },
      }),
  },
  {
    name: "makes another error of what the chunks throw",
    clause: "W3",
    spoil: (storage) =>
      changed(storage, {
        write: (name, chunks, options) =>
          storage.write(name, chunks, options).catch((error) => {
            throw options.signal.aborted ? error : new Error("it went wrong");
          }),
      }),
  },
  {
    name: "does not listen while it writes",
    clause: "W4",
    spoil: (storage) =>
      changed(storage, {
        write: (name, chunks, options) => storage.write(name, chunks, { ...options, signal: still() }),
      }),
  },
  {
    name: "mixes writers of one name",
    clause: "W5",
    spoil: (storage) => {
      const shared = new Map<string, Buffer>();
      return changed(storage, {
        write: async (name, chunks, options) => {
          for await (const chunk of chunks) {
            shared.set(name, Buffer.concat([shared.get(name) ?? Buffer.alloc(0), chunk]));
            await new Promise((resolve) => setImmediate(resolve));
          }
          return storage.write(name, once(shared.get(name) ?? Buffer.alloc(0)), options);
        },
      });
    },
  },
  {
    name: "replaces where it was to make anew",
    clause: "W6",
    spoil: (storage) =>
      changed(storage, {
        write: (name, chunks, { signal }) => storage.write(name, chunks, { signal }),
      }),
  },
  {
    name: "looks first and then writes",
    clause: "W7",
    spoil: (storage) =>
      changed(storage, {
        write: async (name, chunks, options) => {
          if (options.isNew !== true) return storage.write(name, chunks, options);
          const isTaken = (await names(storage, name)).some((object) => object.name === name);
          if (isTaken) return storage.write(name, chunks, options);
          await new Promise((resolve) => setTimeout(resolve, 20));
          return storage.write(name, chunks, { signal: options.signal });
        },
      }),
  },
  {
    name: "asks for two chunks at once",
    clause: "W8",
    spoil: (storage) =>
      changed(storage, {
        write: async (name, chunks, options) => {
          const iterator = chunks[Symbol.asyncIterator]();
          const both = await Promise.all([iterator.next(), iterator.next()]);
          const content = Buffer.concat(both.flatMap(({ value }) => (value === undefined ? [] : [value])));
          return storage.write(name, once(content), options);
        },
      }),
  },
  {
    name: "cleans finished objects away",
    clause: "K1",
    spoil: (storage) =>
      changed(storage, {
        removeLeftovers: async (options) => {
          for (const { name } of await names(storage, "")) await storage.remove(name, options);
          return (await storage.removeLeftovers?.(options)) ?? 0;
        },
      }),
  },
  {
    name: "never cleans",
    clause: "K1",
    spoil: (storage) => changed(storage, { removeLeftovers: async () => 0 }),
  },
];

async function untilFailure(chunks: Chunks): Promise<{ content: Buffer; failure?: unknown }> {
  const parts: Buffer[] = [];
  try {
    for await (const chunk of chunks) parts.push(Buffer.from(chunk));
    return { content: Buffer.concat(parts) };
  } catch (failure) {
    return { content: Buffer.concat(parts), failure };
  }
}

export const storageSaboteurs: StorageSaboteur[] = [...readSaboteurs, ...writeSaboteurs];
