import { cFunction } from "./c-library.js";
import { arenasMax, freedBytesKept } from "./limits/index.js";

/** The first argument of glibc's `mallopt`. */
const parameters = { trimThreshold: -1, mmapThreshold: -3, arenaMax: -8 } as const;

type Mallopt = (parameter: number, value: number) => number;

/**
 * Has glibc's allocator give freed memory back to the system; false where it is another one or cannot be
 * reached. Left to itself it takes the size of the largest block that was ever freed for usual: after LMDB
 * has freed its list of dirty pages, each of a dozen arenas keeps up to 4 MiB. It concerns the whole process,
 * so the commands that import or serve call this (it takes some milliseconds and megabytes), and the library
 * leaves its host's allocator alone.
 */
export function boundAllocator(): boolean {
  try {
    const mallopt = cFunction<Mallopt>("int mallopt(int parameter, int value)");
    const isTaken = (parameter: number, value: number) => mallopt(parameter, value) === 1;
    return (
      isTaken(parameters.trimThreshold, freedBytesKept) &&
      isTaken(parameters.mmapThreshold, freedBytesKept) &&
      isTaken(parameters.arenaMax, arenasMax)
    );
  } catch {
    // Another C library, another system, or a package that was left out: the line has room for it as well.
    return false;
  }
}
