import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { isPlimsollError } from "../src/kernel/index.js";
import type { SnapshotStorage, StorageWriteOptions } from "../src/ports/index.js";
import type { StorageSubject } from "./snapshot-storage.js";

/** A signal that never aborts. */
export function still(): AbortSignal {
  return new AbortController().signal;
}

/** Opens a new place, does something there, and closes it again. */
export async function within(
  subject: StorageSubject,
  body: (storage: SnapshotStorage, place: string) => Promise<void>,
): Promise<void> {
  const place = await subject.makePlace();
  const storage = await subject.open(place);
  try {
    await body(storage, place);
  } finally {
    await storage[Symbol.asyncDispose]();
  }
}

/** Bytes without pattern, the same for the same seed. */
export function noise(seed: number, bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  let state = Math.imul(seed, 2654435761) + 1;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    made[at] = state >>> 24;
  }
  return made;
}

/** Chunks of one buffer that is used again for each: what is kept of a chunk must be a copy. */
export async function* chunksOf(content: Uint8Array, chunkBytes = 70_000): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(chunkBytes);
  for (let from = 0; from < content.byteLength; from += chunkBytes) {
    const part = content.subarray(from, from + chunkBytes);
    buffer.set(part);
    yield buffer.subarray(0, part.byteLength);
    buffer.fill(0xee);
  }
}

export function put(
  storage: SnapshotStorage,
  name: string,
  content: Uint8Array,
  options: Partial<StorageWriteOptions> = {},
) {
  return storage.write(name, chunksOf(content), { signal: still(), ...options });
}

export async function get(storage: SnapshotStorage, name: string, offset?: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const options = { signal: still(), ...(offset === undefined ? {} : { offset }) };
  for await (const chunk of storage.read(name, options)) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

/** What an object holds; null where there is none. */
export async function look(storage: SnapshotStorage, name: string): Promise<Buffer | null> {
  try {
    return await get(storage, name);
  } catch (error) {
    if (isPlimsollError(error) && error.code === "SNAPSHOT_ABSENT") return null;
    throw error;
  }
}

export async function listed(storage: SnapshotStorage, prefix = ""): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for await (const { name, bytes } of storage.list(prefix, { signal: still() })) found.push([name, bytes]);
  return found;
}

export function assertSame(found: Uint8Array | null, wanted: Uint8Array, what: string): void {
  assert.ok(found !== null, `${what} is not there`);
  assert.equal(found.byteLength, wanted.byteLength, `${what} has another size`);
  assert.ok(Buffer.from(wanted).equals(found), `${what} has other bytes`);
}

export async function assertCode(body: () => Promise<unknown>, ...codes: string[]): Promise<string> {
  try {
    await body();
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(" or ")}: ${error.message}`);
    return error.code;
  }
  assert.fail(`${codes.join(" or ")} was not thrown`);
}

/** A promise that somebody else settles. */
export function gate(): { passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Open file descriptors of this process; 0 where the system does not show them. */
export function openHandles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
