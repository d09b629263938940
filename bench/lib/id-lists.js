// Sorted lists of ids as posting lists have them: the same for the same seed.
import { Random } from "../../scripts/lib/random.js";

/** Ids of a shape, all different and below 2^32. */
export const idShapes = {
  clustered: (count, seed) => rising(count, seed, clusters()),
  dense: (count, seed) => rising(count, seed, (random) => 1 + random.below(3)),
  random: (count, seed) => rising(count, seed, (random) => 1 + random.below(31)),
  sparse: (count, seed) => rising(count, seed, (random) => 1 + random.below(7999)),
};

function rising(count, seed, gapOf) {
  const random = new Random(seed);
  const ids = new Uint32Array(count);
  let id = random.below(100);
  for (let at = 0; at < count; at++) {
    ids[at] = id;
    id += gapOf(random);
  }
  return ids;
}

/** Runs of neighbours, a hundred on average, with ten times as much between them. */
function clusters() {
  let left = 0;
  return (random) => {
    if (left-- > 0) return 1;
    left = random.below(200);
    return 1 + random.below(2000);
  };
}

/** Every so many of the ids, and as many beside them. */
export function rareIn(ids, every) {
  const rare = new Set();
  for (let at = every >> 1; at < ids.length; at += every) {
    rare.add(ids[at]);
    rare.add(ids[at] + 1);
  }
  return Uint32Array.from(rare).sort();
}
