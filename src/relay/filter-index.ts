import type { RelayEvent } from "./event.js";
import { type CompiledFilter, matches, type Tokens } from "./filter.js";

interface Entry<T> {
  filter: CompiledFilter;
  owner: T;
}

/**
 * Filters by the rarest thing that each asks for, so that an event is held against those alone that name its
 * id, its author, one of its tags or its kind, and against the few that name none of these.
 */
export class FilterIndex<T> {
  readonly #entries = new Map<string, Set<Entry<T>>>();
  readonly #entriesOf = new Map<T, Entry<T>[]>();
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  get isEmpty(): boolean {
    return this.#entriesOf.size === 0;
  }

  add(owner: T, filters: readonly CompiledFilter[]): void {
    const entries = filters.map((filter) => ({ filter, owner }));
    this.#entriesOf.set(owner, entries);
    for (const entry of entries) {
      for (const key of keysOf(entry.filter)) {
        const found = this.#entries.get(key);
        if (found === undefined) this.#entries.set(key, new Set([entry]));
        else found.add(entry);
      }
    }
  }

  remove(owner: T): void {
    for (const entry of this.#entriesOf.get(owner) ?? []) {
      for (const key of keysOf(entry.filter)) {
        const found = this.#entries.get(key);
        found?.delete(entry);
        if (found?.size === 0) this.#entries.delete(key);
      }
    }
    this.#entriesOf.delete(owner);
  }

  /** Each owner once, however many of its filters match. */
  ownersOf(event: RelayEvent): Set<T> {
    const owners = new Set<T>();
    if (this.isEmpty) return owners;
    const { id, pubkey, kind, tags } = event;
    this.#collect(`i${id}`, event, owners);
    this.#collect(`a${pubkey}`, event, owners);
    this.#collect(`k${kind}`, event, owners);
    this.#collect("", event, owners);
    const seen = new Set<string>();
    for (const [name, value] of tags) {
      if (name?.length !== 1 || value === undefined) continue;
      const key = `#${name}${value}`;
      if (seen.has(key)) continue;
      seen.add(key);
      this.#collect(key, event, owners);
    }
    return owners;
  }

  #collect(key: string, event: RelayEvent, owners: Set<T>): void {
    for (const { filter, owner } of this.#entries.get(key) ?? []) {
      if (!owners.has(owner) && matches(filter, event, this.#tokens)) owners.add(owner);
    }
  }
}

function keysOf({ ids, authors, tags, kinds }: CompiledFilter): string[] {
  if (ids !== null) return [...ids].map((id) => `i${id}`);
  const [tag] = tags;
  if (tag !== undefined) return [...tag[1]].map((value) => `#${tag[0]}${value}`);
  if (authors !== null) return [...authors].map((author) => `a${author}`);
  if (kinds !== null) return [...kinds].map((kind) => `k${kind}`);
  return [""];
}
