import { createHash } from "node:crypto";
import { type NostrEvent, serialised } from "./events.js";

/** A NIP-01 filter with the search of NIP-50. */
export interface NostrFilter {
  ids?: string[];
  authors?: string[];
  kinds?: number[];
  since?: number;
  until?: number;
  limit?: number;
  search?: string;
  [tag: `#${string}`]: string[];
}

/** What a report counts. `outdone` is its `replaced` and `superseded` together: those two tell who came first. */
export interface ModelTally {
  read: number;
  stored: number;
  outdone: number;
  duplicates: number;
  deleted: number;
  rejected: number;
}

/**
 * The twin of the store: everything that ever came lies in a list, and every question goes through all of it.
 * Events are taken at their word, their ids are right.
 */
export class NaiveModel {
  readonly #events: NostrEvent[] = [];
  #duplicates = 0;
  #rejected = 0;
  /** Those that live, in order, until more come. */
  #sorted: NostrEvent[] | null = null;

  /** Takes lines of JSON, in any order and with repeats, in one import or many. */
  add(lines: readonly string[]): this {
    this.#sorted = null;
    for (const line of lines) {
      const event = parseEvent(line);
      if (event === null || isEphemeral(event)) this.#rejected++;
      else if (this.#events.some(({ id }) => id === event.id)) this.#duplicates++;
      else this.#events.push(event);
    }
    return this;
  }

  /** What can be seen at this time, newest first. */
  visible(nowSeconds: number): readonly NostrEvent[] {
    this.#sorted ??= newestFirst(this.#live());
    return this.#sorted.filter((event) => !isExpired(event, nowSeconds));
  }

  /** Each filter gives its newest up to its limit, and each event comes once. */
  query(filters: NostrFilter | readonly NostrFilter[], nowSeconds: number): NostrEvent[] {
    const visible = this.visible(nowSeconds);
    const found = listOf(filters).flatMap((filter) =>
      visible.filter((event) => meets(event, filter)).slice(0, filter.limit ?? Number.POSITIVE_INFINITY),
    );
    return newestFirst([...new Set(found)]);
  }

  /** Events that meet one of the filters; limits do not count. */
  count(filters: NostrFilter | readonly NostrFilter[], nowSeconds: number): number {
    const list = listOf(filters);
    return this.visible(nowSeconds).filter((event) => list.some((filter) => meets(event, filter))).length;
  }

  tally(): ModelTally {
    const outdone = this.#events.filter((event) => this.#isOutdone(event)).length;
    const stored = this.#live().length;
    const [duplicates, rejected] = [this.#duplicates, this.#rejected];
    const deleted = this.#events.length - outdone - stored;
    return {
      read: this.#events.length + duplicates + rejected,
      stored,
      outdone,
      duplicates,
      deleted,
      rejected,
    };
  }

  #live(): NostrEvent[] {
    return this.#events.filter((event) => !this.#isOutdone(event) && !this.#isDeleted(event));
  }

  #isOutdone(event: NostrEvent): boolean {
    const group = groupOf(event);
    return group !== null && this.#events.some((other) => groupOf(other) === group && isBefore(other, event));
  }

  #isDeleted(event: NostrEvent): boolean {
    if (event.kind === 5) return false;
    return this.#events.some(
      (other) =>
        other.kind === 5 &&
        other.pubkey === event.pubkey &&
        other.tags.some((tag) => kills(tag, other, event)),
    );
  }
}

function kills([name, value]: string[], deletion: NostrEvent, event: NostrEvent): boolean {
  if (value === undefined) return false;
  if (name === "e") return value === event.id;
  if (name !== "a" || event.created_at > deletion.created_at) return false;
  const address = `${event.kind}:${event.pubkey}`;
  if (isReplaceable(event)) return value === address || value === `${address}:`;
  return isAddressable(event) && value === `${address}:${identifierOf(event)}`;
}

/** Newest first, and of one second the lowest id: the order of answers, and who wins a group. */
function isBefore(left: NostrEvent, right: NostrEvent): boolean {
  return left.created_at === right.created_at ? left.id < right.id : left.created_at > right.created_at;
}

export function newestFirst(events: readonly NostrEvent[]): NostrEvent[] {
  return events.toSorted((left, right) => (left === right ? 0 : isBefore(left, right) ? -1 : 1));
}

function isEphemeral({ kind }: NostrEvent): boolean {
  return kind >= 20000 && kind <= 29999;
}

function isReplaceable({ kind }: NostrEvent): boolean {
  return kind === 0 || kind === 3 || (kind >= 10000 && kind <= 19999);
}

function isAddressable({ kind }: NostrEvent): boolean {
  return kind >= 30000 && kind <= 39999;
}

function identifierOf({ tags }: NostrEvent): string {
  return tags.find(([name]) => name === "d")?.[1] ?? "";
}

/** Events of one group replace each other. */
function groupOf(event: NostrEvent): string | null {
  if (isReplaceable(event)) return `${event.kind}:${event.pubkey}`;
  return isAddressable(event) ? `${event.kind}:${event.pubkey}:${identifierOf(event)}` : null;
}

/** NIP-40: the first `expiration` tag decides, and only as a whole number of seconds. */
export function isExpired({ tags }: NostrEvent, nowSeconds: number): boolean {
  const value = tags.find(([name]) => name === "expiration")?.[1];
  return value !== undefined && /^[0-9]+$/.test(value) && BigInt(value) <= BigInt(nowSeconds);
}

function meets(event: NostrEvent, filter: NostrFilter): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === "ids") return (wanted as string[]).includes(event.id);
    if (name === "authors") return (wanted as string[]).includes(event.pubkey);
    if (name === "kinds") return (wanted as number[]).includes(event.kind);
    if (name === "since") return event.created_at >= (wanted as number);
    if (name === "until") return event.created_at <= (wanted as number);
    if (name === "limit") return true;
    if (name === "search") return holdsWords(event, wanted as string);
    return event.tags.some(
      (tag) => tag[0] === name.slice(1) && tag[1] !== undefined && (wanted as string[]).includes(tag[1]),
    );
  });
}

/** Every word stands in the content, capitals or not; `key:value` extensions of NIP-50 ask for nothing. */
function holdsWords({ content }: NostrEvent, search: string): boolean {
  const plain = search.split(/\s+/).filter((part) => !/^[a-z]+:\S/i.test(part));
  const words = wordsOf(content);
  return wordsOf(plain.join(" ")).every((word) => words.includes(word));
}

/** Runs of letters, digits and marks; each Han character is a word of its own. */
function wordsOf(text: string): string[] {
  const folded = [...text].map((point) => point.toLowerCase()).join("");
  return folded.match(/\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}])+/gu) ?? [];
}

function listOf<T>(one: T | readonly T[]): readonly T[] {
  return Array.isArray(one) ? one : [one as T];
}

/** The event of a line, or null where it has not the shape of one. */
export function parseEvent(line: string): NostrEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) && numbersIn(line).every((digits) => digits !== undefined) ? value : null;
  } catch {
    return null;
  }
}

/** The id that the line's event has; its numbers count as they are written, for a double may not hold them. */
export function writtenId(line: string, event: NostrEvent): string {
  const [createdAt, kind] = numbersIn(line);
  return createHash("sha256")
    .update(serialised(event, createdAt!, kind!), "utf8")
    .digest("hex");
}

/** Time and kind as they are written, when that is whole numbers: the last of each name, as JSON has it. */
function numbersIn(line: string): (string | undefined)[] {
  return ["created_at", "kind"].map((name) => {
    const value = [...line.matchAll(new RegExp(`"${name}" *: *([^\\[{ ,}]+)`, "g"))].at(-1)?.[1] ?? "";
    return /^-?[0-9]+$/.test(value) ? value : undefined;
  });
}

function isEvent(value: unknown): value is NostrEvent {
  if (typeof value !== "object" || value === null) return false;
  const { id, pubkey, created_at, kind, tags, content } = value as Record<string, unknown>;
  return (
    typeof id === "string" &&
    /^[0-9a-f]{64}$/.test(id) &&
    typeof pubkey === "string" &&
    /^[0-9a-f]{64}$/i.test(pubkey) &&
    Number.isInteger(created_at) &&
    Number.isInteger(kind) &&
    Array.isArray(tags) &&
    typeof content === "string"
  );
}
