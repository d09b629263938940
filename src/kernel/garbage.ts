import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Collects garbage now. Node.js offers it only by a flag, which V8 takes at any time for contexts made after
 * it. The flag stays set: it belongs to the whole process, and threads that took it back would take it from
 * one another.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/**
 * Keeps the young generations of all isolates as small as they are: left to themselves they grow to 48 MB of
 * garbage each, which counts against the line. Every isolate that starts sets the flag back, so each thread
 * calls this first.
 */
export function keepYoungGenerationsSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
