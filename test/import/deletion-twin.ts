// The rules of deletions told record by record.
export type Rule = "keep" | "replace" | "newest" | "reject";

export interface Doc {
  id: number;
  rev: number;
  /** A link to another. */
  parent?: number;
  gone?: boolean | string | number | undefined;
  /** Tells records apart that are alike otherwise. */
  n: number;
}

export interface Fates {
  stored: number;
  replaced: number;
  superseded: number;
  duplicates: number;
  deleted: number;
  rejected: number;
}

interface Live {
  doc: Doc;
  order: number;
}

/** A deletion, with its version where versions decide and it has one. */
interface Tombstone {
  rev: number | undefined;
}

export class DeletionTwin {
  readonly #live = new Map<number, Live>();
  readonly #tombstones = new Map<number, Tombstone>();
  #order = 0;

  /** Records that are live, in the order in which they came. */
  get lines(): string[] {
    const sorted = [...this.#live.values()].toSorted((a, b) => a.order - b.order);
    return sorted.map(({ doc }) => JSON.stringify(doc));
  }

  has(id: number): boolean {
    return this.#live.has(id);
  }

  import(docs: readonly Partial<Doc>[], rule: Rule, isDeleting: boolean): Fates {
    const before = new Map(this.#live);
    const fates = { stored: 0, replaced: 0, superseded: 0, duplicates: 0, deleted: 0, rejected: 0 };
    for (const doc of docs as Doc[]) {
      if (isDeleting || isGone(doc)) fates.deleted += 1 + this.#delete(doc, rule, before);
      else this.#add(doc, rule, before, fates);
    }
    for (const [id, entry] of this.#live) {
      if (before.get(id) === entry) continue;
      if (before.has(id)) fates.replaced++;
      else fates.stored++;
    }
    return fates;
  }

  /** How many records of this import it takes out. */
  #delete(doc: Doc, rule: Rule, before: ReadonlyMap<number, Live>): number {
    const rev = rule === "newest" ? doc.rev : undefined;
    const best = this.#live.get(doc.id);
    if (best !== undefined) {
      if (rev !== undefined && rev < best.doc.rev) return 0;
      this.#live.delete(doc.id);
      this.#tombstones.set(doc.id, { rev });
      return before.get(doc.id) === best ? 0 : 1;
    }
    const former = this.#tombstones.get(doc.id);
    const isNewer = former === undefined || former.rev === undefined || (rev ?? former.rev) > former.rev;
    if (isNewer) this.#tombstones.set(doc.id, { rev });
    return 0;
  }

  #add(doc: Doc, rule: Rule, before: ReadonlyMap<number, Live>, fates: Fates): void {
    const entry = { doc, order: this.#order++ };
    const best = this.#live.get(doc.id);
    const tombstone = this.#tombstones.get(doc.id);
    if (best === undefined) {
      if (tombstone?.rev !== undefined && doc.rev <= tombstone.rev) fates.deleted++;
      else {
        this.#tombstones.delete(doc.id);
        this.#live.set(doc.id, entry);
      }
    } else if (rule === "replace" || (rule === "newest" && doc.rev > best.doc.rev)) {
      if (before.get(doc.id) !== best) fates.superseded++;
      this.#live.set(doc.id, entry);
    } else if (rule === "reject") fates.rejected++;
    else if (rule === "newest" && doc.rev !== best.doc.rev) fates.superseded++;
    else fates.duplicates++;
  }
}

function isGone({ gone }: Doc): boolean {
  return ["true", "yes", "1"].includes(String(gone ?? "").toLowerCase());
}

export function deletionMapping(rule: Rule): string {
  const conflict = rule === "newest" ? "newest:rev" : rule;
  const fields = [
    "id: { type: int, index: exact }",
    "rev: { type: int, index: range }",
    "parent: { type: int, link: Doc }",
    "gone: string",
    "n: { type: int, required: true }",
  ];
  const entity = `{ key: id, conflict: "${conflict}", deleted: gone, fields: { ${fields.join(", ")} } }`;
  return `version: 1\nentities:\n  Doc: ${entity}\n`;
}
