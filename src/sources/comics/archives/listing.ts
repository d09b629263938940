import { comicEntriesMax } from "../../../kernel/index.js";
import { comicFault } from "../comic-fault.js";
import type { MetadataForm } from "../metadata/index.js";

/** What an archive holds, as far as a comic needs it. */
export interface ArchiveListing {
  fileType: "cbz" | "cbt";
  pages: string[];
  /** Files of metadata, one of each form: the one that lies highest. */
  metadata: Map<MetadataForm, () => Promise<Buffer>>;
  /** The comment of the whole archive; null where there is none. */
  comment: Buffer | null;
}

const pageNames = /\.(?:jpe?g|png|gif|webp|avif|jxl|bmp|tiff?)$/i;
/** What systems leave behind is no page. */
const leftovers = /(?:^|\/)(?:__MACOSX\/|\._)/;

/** Takes the entries of an archive one by one, and holds them to what an archive of pages can be. */
export class EntryList<Entry> {
  readonly pages: string[] = [];
  readonly metadata = new Map<MetadataForm, { depth: number; entry: Entry }>();
  readonly #names = new Set<string>();

  add(name: string, entry: Entry, form: MetadataForm | null): void {
    if (this.#names.size >= comicEntriesMax) {
      throw comicFault("COMIC_TOO_LARGE", `it has more than ${comicEntriesMax} entries`);
    }
    checkName(name);
    if (this.#names.has(name)) {
      throw comicFault("COMIC_NAMES", `two of its entries are called ${JSON.stringify(shortened(name))}`);
    }
    this.#names.add(name);
    if (name.endsWith("/") || leftovers.test(name)) return;
    if (pageNames.test(name)) this.pages.push(name);
    if (form === null) return;
    const depth = name.split("/").length;
    const former = this.metadata.get(form);
    if (former === undefined || depth < former.depth) this.metadata.set(form, { depth, entry });
  }
}

/** Nothing is written to a disk here, but names are stored, and others may write by them. */
function checkName(name: string): void {
  const isOutside = /^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\0/.test(name);
  if (isOutside) {
    throw comicFault(
      "COMIC_NAMES",
      `an entry is called ${JSON.stringify(shortened(name))}, which leads out of it`,
    );
  }
}

function shortened(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}...` : name;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The entry that shows the cover: the one that metadata names, or the first page by its name. */
export function coverOf(pages: readonly string[], told: number | string | undefined): string | null {
  if (typeof told === "string") {
    const named = pages.find((page) => page === told || page.endsWith(`/${told}`));
    if (named !== undefined) return named;
  }
  if (typeof told === "number" && told > 0 && told < pages.length) {
    return [...pages].sort(collator.compare)[told]!;
  }
  let first: string | null = null;
  for (const page of pages) if (first === null || collator.compare(page, first) < 0) first = page;
  return first;
}
