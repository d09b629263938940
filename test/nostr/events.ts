import { createHash } from "node:crypto";
import fc from "fast-check";

export interface NostrEvent {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
}

export type UnsignedEvent = Omit<NostrEvent, "id" | "sig">;

/** The time at which tests look: expiration tags of generated events stand on both sides of it. */
export const testNowSeconds = 1_700_000_100;
const firstSecond = 1_700_000_000;

export const testPubkeys: readonly string[] = ["a1", "b2", "c3"].map((pair) => pair.repeat(32));

/** Regular kinds, the deletion, replaceable, ephemeral and addressable ones. */
export const testKinds: readonly number[] = [0, 1, 3, 5, 7, 10002, 20001, 30023];

const escapes: Readonly<Record<string, string>> = {
  "\n": "\\n",
  '"': '\\"',
  "\\": "\\\\",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

/** NIP-01 escapes seven characters and leaves all others as they are. */
function quoted(text: string): string {
  return `"${[...text].map((point) => escapes[point] ?? point).join("")}"`;
}

/** The text whose hash is the id; numbers are given as they are written. */
export function serialised(
  { pubkey, tags, content }: Pick<UnsignedEvent, "pubkey" | "tags" | "content">,
  createdAt: string,
  kind: string,
): string {
  const tagTexts = tags.map((tag) => `[${tag.map(quoted).join(",")}]`);
  return `[0,${quoted(pubkey)},${createdAt},${kind},[${tagTexts.join(",")}],${quoted(content)}]`;
}

export function nostrId(event: UnsignedEvent): string {
  const text = serialised(event, String(event.created_at), String(event.kind));
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** An event with its right id; the signature has the right form and is not one. */
export function nostrEvent(parts: UnsignedEvent): NostrEvent {
  return { id: nostrId(parts), ...parts, sig: "00".repeat(64) };
}

const someContent = fc.oneof(
  { arbitrary: fc.constantFrom("", "hello world", "World of nostr", "coffee, privacy & coffee"), weight: 3 },
  {
    arbitrary: fc.constantFrom("Zürich 東京 emoji 👩‍👩‍👧", 'quotes " \\ \n\r\t\b\f \u0001 \u007f \u2028 end'),
    weight: 1,
  },
  { arbitrary: fc.string({ unit: "binary", maxLength: 12 }), weight: 1 },
);

/** Values short and long (eight bytes and more), and none at all. */
const someTagValue = fc.constantFrom("x", "y", "", "bitcoin and more", "ünï 👍");

const plainTag: fc.Arbitrary<string[]> = fc.oneof(
  fc.tuple(fc.constantFrom("e", "t", "T", "p", "long", "é"), someTagValue),
  fc.tuple(fc.constantFrom("t", "p"), someTagValue, someTagValue),
  fc.constantFrom<string[]>(["t"], [], [""]),
);

/** Absent, empty, without a value; repeated when two of them meet in one event. */
const dTag: fc.Arbitrary<string[]> = fc.constantFrom<string[]>(["d", ""], ["d"], ["d", "a:b"], ["d", "x"]);

/** Past, present and future, and texts that are no whole number of seconds. */
const expirationTag: fc.Arbitrary<string[]> = fc.constantFrom(
  ["expiration", String(testNowSeconds - 1)],
  ["expiration", String(testNowSeconds)],
  ["expiration", String(testNowSeconds + 1)],
  ["expiration", `00${testNowSeconds - 1}`],
  ["expiration", "0"],
  ["expiration", "-5"],
  ["expiration", "1e3"],
  ["expiration", "12.5"],
  ["expiration", " 12"],
  ["expiration", "soon"],
  ["expiration", ""],
  ["expiration"],
  ["expiration", "99999999999999999999999999"],
  ["expiration", "12", "more"],
  ["Expiration", "12"],
);

export interface EventChoices {
  kinds?: readonly number[];
  /** Whether expiration tags occur; they do unless it is said. */
  hasExpiration?: boolean;
}

function baseEvent({ kinds = testKinds, hasExpiration = true }: EventChoices): fc.Arbitrary<UnsignedEvent> {
  const aTag = fc.oneof(
    { arbitrary: plainTag, weight: 4 },
    { arbitrary: dTag, weight: 2 },
    ...(hasExpiration ? [{ arbitrary: expirationTag, weight: 2 }] : []),
  );
  return fc.record({
    pubkey: fc.constantFrom(...testPubkeys),
    created_at: fc.integer({ min: firstSecond, max: firstSecond + 4 }),
    kind: fc.constantFrom(...kinds),
    tags: fc.array(aTag, { maxLength: 4 }),
    content: someContent,
  });
}

/** An `e` or `a` tag that means one of the events, or none. */
function deletionTag(events: readonly NostrEvent[]): fc.Arbitrary<string[]> {
  const malformed = fc.constantFrom<string[]>(
    ["e", "00".repeat(32)],
    ["e", "not an id"],
    ["e"],
    ["a", "1:not:right"],
    ["a", "30023"],
    ["a", ""],
    ["a"],
  );
  if (events.length === 0) return malformed;
  const target = fc.constantFrom(...events);
  return fc.oneof(
    { arbitrary: target.map(({ id }) => ["e", id]), weight: 4 },
    {
      arbitrary: fc.tuple(target, fc.boolean()).map(([event, isBare]) => ["a", addressOf(event, isBare)]),
      weight: 4,
    },
    { arbitrary: malformed, weight: 1 },
  );
}

function addressOf({ kind, pubkey, tags }: NostrEvent, isBare: boolean): string {
  const isAddressable = kind >= 30000 && kind <= 39999;
  if (isAddressable) return `${kind}:${pubkey}:${tags.find(([name]) => name === "d")?.[1] ?? ""}`;
  return isBare ? `${kind}:${pubkey}` : `${kind}:${pubkey}:`;
}

function deletion(events: readonly NostrEvent[]): fc.Arbitrary<UnsignedEvent> {
  return fc.record({
    pubkey: fc.constantFrom(...testPubkeys),
    created_at: fc.integer({ min: firstSecond, max: firstSecond + 4 }),
    kind: fc.constant(5),
    tags: fc.array(deletionTag(events), { minLength: 1, maxLength: 3 }),
    content: fc.constantFrom("", "a mistake"),
  });
}

/** Small sets of distinct events that clash: few authors, few seconds, deletions of own and of foreign ones. */
export function anyEvents(choices: EventChoices & { eventsMax?: number } = {}): fc.Arbitrary<NostrEvent[]> {
  const { eventsMax = 40, kinds = testKinds } = choices;
  const base = fc.array(baseEvent(choices).map(nostrEvent), { maxLength: eventsMax, size: "max" });
  if (!kinds.includes(5)) return base.map(distinct);
  return base
    .chain((events) =>
      // Deletions are themselves what others want to delete.
      fc
        .array(deletion(events).map(nostrEvent), { maxLength: 4 })
        .chain((first) =>
          fc
            .array(deletion(first).map(nostrEvent), { maxLength: 2 })
            .map((second) => [...events, ...first, ...second]),
        ),
    )
    .map(distinct);
}

function distinct(events: NostrEvent[]): NostrEvent[] {
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

/** The events in another order, some of them repeated: one way in which they may come. */
export function anyArrival(events: readonly NostrEvent[]): fc.Arbitrary<NostrEvent[]> {
  if (events.length === 0) return fc.constant([]);
  return fc
    .array(fc.constantFrom(...events), { maxLength: 5 })
    .map((repeats) => [...events, ...repeats])
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));
}

/** The arrival cut into pieces that are imported one after another; pieces may be empty. */
export function anyChunks(arrival: readonly NostrEvent[]): fc.Arbitrary<NostrEvent[][]> {
  return fc.array(fc.nat({ max: arrival.length }), { maxLength: 3 }).map((cuts) => {
    const borders = [0, ...cuts.toSorted((left, right) => left - right), arrival.length];
    return borders.slice(1).map((end, at) => arrival.slice(borders[at], end));
  });
}
