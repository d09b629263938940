import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareEntries,
  openSnapshot,
  type SnapshotEntry,
  timestampOfUntimed,
  winnerOf,
} from "../../../src/snapshots/index.js";
import {
  type HeldEntry,
  held,
  hex,
  inChunks,
  noMeta,
  noSignal,
  toEntry,
  writtenMessage,
} from "../../support/snapshots.js";

/** Few times and values, so that ties of every kind are met often. */
const entry: fc.Arbitrary<HeldEntry> = fc
  .record({
    key: fc.constant("6b"),
    value: fc.constantFrom("", "00", "01", "0100", "ff"),
    timestampNano: fc.constantFrom(0n, 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 64n - 1n),
    isDeleted: fc.boolean(),
  })
  .map((made) => (made.isDeleted ? { ...made, value: "" } : made));

const reduced = (entries: HeldEntry[]) =>
  held(entries.map(toEntry).reduce((kept: SnapshotEntry, next) => winnerOf(kept, next)));

test("whatever the order and however often entries come, one of them stays", () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 6 }).chain((entries) =>
        fc.tuple(
          fc.constant(entries),
          fc.shuffledSubarray([...entries, ...entries], {
            minLength: 2 * entries.length,
            maxLength: 2 * entries.length,
          }),
        ),
      ),
      ([entries, again]) => {
        expect(reduced(again)).toEqual(reduced(entries));
      },
    ),
  );
});

test("the rule is idempotent, commutative and associative, and its order total", () => {
  const sign = (a: HeldEntry, b: HeldEntry) => Math.sign(compareEntries(toEntry(a), toEntry(b)));
  fc.assert(
    fc.property(entry, entry, entry, (a, b, c) => {
      expect(reduced([a, a])).toEqual(a);
      expect(reduced([a, b])).toEqual(reduced([b, a]));
      expect(reduced([reduced([a, b]), c])).toEqual(reduced([a, reduced([b, c])]));
      expect(sign(a, b) + sign(b, a)).toBe(0);
      if (sign(a, b) === 0) expect(a).toEqual(b);
      if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
    }),
  );
});

test("entries of snapshots are compared as others are", async () => {
  await fc.assert(
    fc.asyncProperty(entry, entry, async (a, b) => {
      const [x, y] = [await wireEntry(a), await wireEntry(b)];
      expect(Math.sign(compareEntries(x, y))).toBe(Math.sign(compareEntries(toEntry(a), toEntry(b))));
      expect(Math.sign(compareEntries(x, toEntry(b)))).toBe(Math.sign(compareEntries(x, y)));
    }),
    { numRuns: 60 },
  );
}, 60_000);

async function wireEntry(made: HeldEntry): Promise<SnapshotEntry> {
  const head = { name: "a", flags: 0n, transform: "" };
  const message = await writtenMessage(noMeta, [{ head, entries: [made] }]);
  await using reader = await openSnapshot(inChunks(gzipSync(message), 1000), { name: "x", signal: noSignal });
  await reader.nextDbi();
  await reader.fill();
  return reader.next()!;
}

/** What the original does when a snapshot's entry meets one that is there; `undefined` keeps what is there. */
function theirs(old: HeldEntry, next: HeldEntry): HeldEntry {
  if (next.timestampNano < old.timestampNano) return old;
  const isLower = Buffer.compare(hex(old.value), hex(next.value)) <= 0;
  return next.timestampNano === old.timestampNano && isLower ? old : next;
}

test("it decides as the original does, but for the one case in which that depends on the order", () => {
  fc.assert(
    fc.property(entry, entry, (a, b) => {
      const original = [theirs(a, b), theirs(b, a)];
      const isTied =
        a.timestampNano === b.timestampNano && a.value === b.value && a.isDeleted !== b.isDeleted;
      if (isTied) {
        expect(original[0]).not.toEqual(original[1]);
        expect(reduced([a, b]).isDeleted).toBe(true);
      } else {
        expect(original).toEqual([reduced([a, b]), reduced([a, b])]);
      }
    }),
  );
});

test("a value without a time keeps the one that is known of it as long as nothing is new", () => {
  const old = toEntry({ key: "6b", value: "01", timestampNano: 5n, isDeleted: false });
  const gone = { ...old, value: new Uint8Array(0), isDeleted: true };
  const untimed = { ...old, timestampNano: 0n };
  expect(timestampOfUntimed(null, untimed, 9n)).toBe(9n);
  expect(timestampOfUntimed(old, untimed, 9n)).toBe(5n);
  expect(timestampOfUntimed(old, { ...untimed, value: hex("02") }, 9n)).toBe(9n);
  expect(timestampOfUntimed(gone, { ...untimed, value: hex("") }, 9n)).toBe(9n);
  expect(timestampOfUntimed(gone, { ...gone, timestampNano: 0n }, 9n)).toBe(5n);
});
