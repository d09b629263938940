// What goes wrong in real processes, one at a time. Sizes as in a PHP process with a limit of 512 MiB, of
// which the published algorithm takes 30% by default; Plimsoll is given the same line.

const KiB = 1024;
const MiB = 1024 * KiB;

/** A source: runs of rows of one size. */
function* rowsOf(...runs) {
  for (const [count, bytes] of runs) for (let row = 0; row < count; row++) yield { bytes };
}

/** A huge row behind every `count` small ones. */
function* alternating(groups, count, smallBytes, hugeBytes) {
  for (let group = 0; group < groups; group++) yield* rowsOf([count, smallBytes], [1, hugeBytes]);
}

const usual = {
  lineBytes: 512 * MiB * 0.3,
  baselineBytes: 60 * MiB,
  returnsHeap: true,
  leakBytesPerRow: 0,
  flushFactor: 1.3,
};
const even = () => [rowsOf([50_000, 50 * KiB])];

/** Fresh every time: a source can be read once. */
export function scenarios() {
  return [
    { name: "heap returned after a flush", importers: even() },
    { name: "heap not returned", importers: even(), returnsHeap: false },
    { name: "baseline 120 MiB", importers: even(), baselineBytes: 120 * MiB },
    {
      name: "baseline 120 MiB, heap not returned",
      importers: even(),
      baselineBytes: 120 * MiB,
      returnsHeap: false,
    },
    { name: "slow leak, 1 KiB a row", importers: even(), leakBytesPerRow: KiB },
    { name: "slow leak, heap not returned", importers: even(), leakBytesPerRow: KiB, returnsHeap: false },
    {
      name: "rows 100x larger, then small again",
      importers: [rowsOf([200_000, 5 * KiB], [4000, 500 * KiB], [200_000, 5 * KiB])],
    },
    {
      name: "rows 100x smaller, then large again",
      importers: [rowsOf([4000, 500 * KiB], [200_000, 5 * KiB], [4000, 500 * KiB])],
      returnsHeap: false,
    },
    { name: "huge rows among small ones", importers: [alternating(400, 200, 20 * KiB, 5 * MiB)] },
    {
      name: "two importers in one process",
      importers: [rowsOf([40_000, 50 * KiB]), rowsOf([200_000, 10 * KiB])],
    },
    {
      name: "two importers, heap not returned",
      importers: [rowsOf([40_000, 50 * KiB]), rowsOf([200_000, 10 * KiB])],
      returnsHeap: false,
    },
  ].map((scenario) => ({ ...usual, ...scenario }));
}

/**
 * Lines, baselines, rows, costs and leaks at random, the same on every run; a leak takes half of the room at
 * most.
 */
export function* randomScenarios(count) {
  let state = 1;
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let number = 0; number < count; number++) {
    const lineBytes = MiB * (100 + random() * 400);
    const baselineBytes = lineBytes * (0.1 + random() * 0.6);
    const roomBytes = lineBytes - baselineBytes;
    const rowBytes = Math.max(500, roomBytes * 0.02 * random() ** 3);
    const rows = Math.min(60_000, Math.floor((roomBytes * 30) / rowBytes));
    const leakPart = random() < 0.5 ? 0 : random() * 0.5;
    const importerCount = random() < 0.7 ? 1 : 2;
    yield {
      name: `leak of ${Math.round(leakPart * 100)}% of the room, ${importerCount} importers`,
      lineBytes,
      baselineBytes,
      returnsHeap: random() < 0.5,
      leakBytesPerRow: (leakPart * roomBytes) / (rows * importerCount),
      flushFactor: 1 + random() * 1.8,
      importers: Array.from({ length: importerCount }, () => randomRows(rows, rowBytes, random)),
    };
  }
}

function* randomRows(count, meanBytes, random) {
  for (let row = 0; row < count; row++) yield { bytes: Math.ceil(meanBytes * (0.5 + random())) };
}
