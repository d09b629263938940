import { readFileSync, realpathSync } from "node:fs";
import { cFunction } from "./c-library.js";

/** What Linux calls the advice that pages are not needed: of a shared file mapping only the mapping goes. */
const adviceDontNeed = 4;

type Madvise = (address: bigint, length: bigint, advice: number) => number;

/** Null where there is none: that is found out once. */
let madvise: Madvise | null | undefined;

/**
 * Takes the pages of a file out of this process's resident memory wherever the file is mapped for reading;
 * they stay in the page cache, and are mapped again one by one as they are read. Whoever reads meanwhile
 * notices nothing. False where the system does not say what is mapped, or cannot be told.
 *
 * The mapping must not be closed in another thread meanwhile: its addresses could be somebody else's then.
 */
export function unmapResident(path: string): boolean {
  if (madvise === undefined) madvise = findMadvise();
  if (madvise === null) return false;
  const mappings = mappingsOf(path);
  if (mappings === null) return false;
  for (const { start, end } of mappings) {
    if (madvise(start, end - start, adviceDontNeed) !== 0) return false;
  }
  return true;
}

function findMadvise(): Madvise | null {
  if (process.platform !== "linux") return null;
  try {
    return cFunction<Madvise>("int madvise(uintptr_t address, size_t length, int advice)");
  } catch {
    return null;
  }
}

/** Where a file is mapped, shared and read-only. Looked up each time: a store that grows is mapped anew. */
function mappingsOf(path: string): { start: bigint; end: bigint }[] | null {
  let text: string;
  let name: string;
  try {
    text = readFileSync("/proc/self/maps", "latin1");
    name = escaped(realpathSync(path));
  } catch {
    return null;
  }
  const found: { start: bigint; end: bigint }[] = [];
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (text[at - 1] !== " " || text[at + name.length] !== "\n") continue;
    const line = text.slice(text.lastIndexOf("\n", at) + 1, at);
    const parts = /^([0-9a-f]+)-([0-9a-f]+) r--s /.exec(line);
    if (parts !== null) found.push({ start: BigInt(`0x${parts[1]}`), end: BigInt(`0x${parts[2]}`) });
  }
  return found;
}

/** As the kernel writes it, read as Latin-1. */
function escaped(path: string): string {
  return Buffer.from(path.replaceAll("\n", "\\012"), "utf8").toString("latin1");
}
