import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MiB } from "./limits/sizes.js";

const growth = 4;
const grownBytes = growth * MiB;
/** Of 128 bytes: several times what is needed. */
const survivorsMax = 50_000;

let collect: (() => void) | undefined;

/**
 * Collects garbage now. Node.js offers it only by a flag, which V8 takes at any time for contexts made after
 * it. The flag stays set: it belongs to the whole process, and threads that took it back would take it from
 * one another.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    offerCollection();
    collect = (globalThis.gc ?? runInNewContext("gc")) as () => void;
  }
  collect();
}

/** Threads that start after this have it at hand, without a context made for it. */
export function offerCollection(): void {
  setFlagsFromString("--expose-gc");
}

/** Bytes on the heap of this thread and held by what is on it, garbage among them. */
export function heapBytes(): number {
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return used + external;
}

/**
 * Keeps the young generations of all isolates as small as they are: left to themselves they grow to 48 MB of
 * garbage each, which counts against the line. Every isolate that starts sets the flag back, so this is
 * called behind each.
 */
export function keepYoungGenerationsSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/**
 * Has the young generation of this thread grow to four times what it begins with, once: two halves of 4 MiB.
 * What many requests at once allocate survives the small one again and again, and is copied each time. V8
 * lets it grow only when much has survived, so something does; and shrinks it when nothing happens.
 */
export function growYoungGeneration(): void {
  if (youngGenerationBytes() >= grownBytes) return;
  setFlagsFromString(`--semi-space-growth-factor=${growth}`);
  const survivors: number[][] = [];
  while (youngGenerationBytes() < grownBytes && survivors.length < survivorsMax) {
    for (let count = 0; count < 100; count++) survivors.push(new Array<number>(14).fill(count));
  }
  keepYoungGenerationsSmall();
}

function youngGenerationBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0;
}
