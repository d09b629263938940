import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyArrival, anyEvents, type NostrEvent, nostrEvent, testNowSeconds, testPubkeys } from "./events.js";
import { NaiveModel } from "./naive-model.js";

const [ann, bob] = testPubkeys as [string, string];
const lines = (events: readonly NostrEvent[]) => events.map((event) => JSON.stringify(event));
const made = (kind: number, created_at: number, tags: string[][] = [], content = "", pubkey = ann) =>
  nostrEvent({ kind, created_at, tags, content, pubkey });

/** What is visible of the events, whichever of the two ways round they come. */
function visible(...events: NostrEvent[]): readonly NostrEvent[] {
  const [forth, back] = [events, events.toReversed()].map((order) =>
    new NaiveModel().add(lines(order)).visible(1000),
  );
  expect(back).toEqual(forth);
  return forth!;
}

describe("the twin of the nostr store", () => {
  test("ids are those of NIP-01", () => {
    // A published event: its id is what the network agrees on.
    const event = nostrEvent({
      pubkey: "6e468422dfb74a5738702a8823b9b28168abab8655faacb6853cd0ee15deee93",
      created_at: 1673347337,
      kind: 1,
      tags: [
        ["e", "3da979448d9ba263864c4d6f14984c423a3838364ec255f03c7904b1ae77f206"],
        ["p", "bf2376e17ba4ec269d10fcc996a4746b451152be9031fa48e74553dde5526bce"],
      ],
      content:
        "Walled gardens became prisons, and nostr is the first step towards tearing down the prison walls.",
    });
    expect(event.id).toBe("4376c65d2f232afbe9b882a35baa4f6fe8667c4e684749af565f981833ed6a65");
  });

  test("the newest of a group wins, on a tie the lowest id", () => {
    const [old, left, right] = [made(0, 1), made(0, 2, [], "a"), made(0, 2, [], "b")];
    expect(visible(old, left, right)).toEqual([left.id < right.id ? left : right]);
    const [x, y] = [made(30023, 1, [["d", "x"]]), made(30023, 2, [["d"]])];
    expect(visible(x, y, made(30023, 1, [["d", ""]]))).toEqual([y, x]);
  });

  test("deletions strike the same author's events only, and never deletions", () => {
    const [note, profile] = [made(1, 1), made(0, 3)];
    const own = made(5, 2, [
      ["e", note.id],
      ["a", `0:${ann}:`],
    ]);
    const foreign = made(
      5,
      9,
      [
        ["e", note.id],
        ["e", own.id],
        ["a", `0:${ann}:`],
      ],
      "",
      bob,
    );
    expect(visible(note, profile, foreign)).toEqual([foreign, profile, note]);
    expect(visible(note, profile, own)).toEqual([profile, own]);
    expect(visible(own, made(5, 9, [["e", own.id]]))).toHaveLength(2);
  });

  test("what was superseded does not come back when the winner goes", () => {
    const [old, winner] = [made(0, 1), made(0, 2)];
    const deletion = made(5, 3, [["e", winner.id]]);
    expect(visible(old, winner, deletion)).toEqual([deletion]);
    expect(visible(old, made(0, 2, [["expiration", "5"]]))).toEqual([]);
  });

  test("the order of arrival and repeats do not matter, and everything read is counted once", () => {
    const arrivals = anyEvents().chain((events) => fc.tuple(fc.constant(events), anyArrival(events)));
    fc.assert(
      fc.property(arrivals, ([events, arrival]) => {
        const straight = new NaiveModel().add(lines(events));
        const shuffled = new NaiveModel().add([...lines(arrival), "{", '{"id":1}']);
        expect(shuffled.visible(testNowSeconds)).toEqual(straight.visible(testNowSeconds));
        const { read, ...parts } = shuffled.tally();
        expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(read);
        expect(read).toBe(arrival.length + 2);
      }),
    );
  });
});
