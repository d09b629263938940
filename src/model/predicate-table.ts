import type { CompiledEntity, PredicateRule } from "./compiled-mapping.js";

/** Sizes and flags of kernels/load-predicates.ts. */
const entryBytes = 16;
const flag = { isLink: 1, hasLanguage: 2 };
/** At most half of the places are taken, so that a search for what is not there ends soon. */
const loadMax = 0.5;

interface Entry {
  name: Uint8Array;
  slot: number;
  rule: PredicateRule;
}

/**
 * The predicates that have fields, as the loader finds them: a hash table with open addressing, each place
 * u32 hash, u32 address of the name from the table on (0: empty), u16 its bytes, u16 flags, u32 slot; the
 * names follow.
 */
export class PredicateTable {
  readonly mask: number;
  readonly bytes: number;
  readonly #entries: Entry[] = [];

  constructor(entity: CompiledEntity) {
    for (const { predicate: rule, slot } of entity.fields) {
      if (rule !== undefined) this.#entries.push({ name: Buffer.from(rule.iri, "utf8"), slot, rule });
    }
    const count = this.#entries.length;
    const places = count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count / loadMax));
    this.mask = Math.max(0, places - 1);
    this.bytes = this.#entries.reduce((sum, { name }) => sum + name.length, places * entryBytes);
  }

  write(program: Uint8Array, tableAt: number): void {
    const view = new DataView(program.buffer, tableAt);
    let nameAt = (this.mask + 1) * entryBytes;
    for (const { name, slot, rule } of this.#entries) {
      const hash = predicateHash(name);
      let place = hash & this.mask;
      while (view.getUint32(place * entryBytes + 4, true) !== 0) place = (place + 1) & this.mask;
      const at = place * entryBytes;
      view.setUint32(at, hash, true);
      view.setUint32(at + 4, nameAt, true);
      view.setUint16(at + 8, name.length, true);
      const flags = (rule.holds === "object" ? flag.isLink : 0) | (rule.hasLanguage ? flag.hasLanguage : 0);
      view.setUint16(at + 10, flags, true);
      view.setUint32(at + 12, slot, true);
      program.set(name, tableAt + nameAt);
      nameAt += name.length;
    }
  }
}

/** Only tells places apart: names are compared. Every four bytes go in as one word. */
function predicateHash(name: Uint8Array): number {
  let hash = name.length;
  for (let at = 0; at < name.length; at += 4) {
    let word = 0;
    for (let i = 0; i < 4 && at + i < name.length; i++) word |= name[at + i]! << (i * 8);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
