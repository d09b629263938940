import { getJson } from "../api/client.js";
import { isUnreachable, problemOf } from "../api/failure.js";
import type { EntityStats, StoreInfo, StoreStats } from "../api/types.js";
import { byId, el, replace, setText } from "../dom.js";
import { formatBytes, formatCount, formatTime } from "../format.js";
import { storeMsMin } from "../limits.js";
import { problemBox } from "../shell/problem-box.js";

const emptyText = "Empty. The first import makes it, with the indexes that fit.";

export interface StorePanelHost {
  onInfo: (info: StoreInfo) => void;
  onUnreachable: () => void;
}

/**
 * What the store holds. Asked for again when it changed, and not more often than the server likes to count.
 */
export class StorePanel {
  readonly #host: StorePanelHost;
  #isAsking = false;
  #isStale = false;

  constructor(host: StorePanelHost) {
    this.#host = host;
  }

  async refresh(): Promise<void> {
    if (this.#isAsking) {
      this.#isStale = true;
      return;
    }
    this.#isAsking = true;
    do {
      this.#isStale = false;
      await this.#ask();
      await new Promise((resolve) => setTimeout(resolve, this.#isStale ? storeMsMin : 0));
    } while (this.#isStale);
    this.#isAsking = false;
  }

  async #ask(): Promise<void> {
    try {
      const info = await getJson<StoreInfo>("/api/store");
      this.#draw(info);
      this.#host.onInfo(info);
    } catch (error) {
      if (isUnreachable(error)) this.#host.onUnreachable();
      else replace(byId("store-problem"), problemBox(problemOf(error)));
    }
  }

  #draw(info: StoreInfo): void {
    replace(byId("store-problem"));
    byId("store-none").hidden = info.store !== null;
    const replicaText = info.isReplica ? "Empty, until something is pulled." : emptyText;
    setText(byId("store-none"), info.isStoreless ? "No store is served: databases are synced." : replicaText);
    byId("store-facts").hidden = info.store === null;
    if (info.store === null) return;
    const { store } = info;
    setText(byId("store-records"), formatCount(store.records));
    setText(byId("store-dead"), formatCount(store.dead));
    setText(byId("store-postings"), formatCount(store.postings));
    setText(byId("store-bytes"), formatBytes(store.bytes.file ?? 0));
    replace(byId("store-parts"), partsBar(store.bytes));
    replace(byId("store-entities"), ...store.entities.map(entityView));
    setText(byId("store-last"), lastText(store));
  }
}

/** What the bytes on disk are, as parts of one bar. */
function partsBar(bytes: StoreStats["bytes"]): HTMLElement | null {
  const { file: _file, ...parts } = bytes;
  const found = Object.entries(parts).filter(([, size]) => size > 0);
  const sum = found.reduce((total, [, size]) => total + size, 0);
  if (sum === 0) return null;
  const sorted = found.sort(([, left], [, right]) => right - left);
  const pieces = sorted.map(([name, size], index) => {
    const piece = el("span", { class: `part part-${index % 6}`, title: `${name} ${formatBytes(size)}` });
    piece.style.flexGrow = String(size / sum);
    return piece;
  });
  const names = sorted.map(([name, size], index) =>
    el(
      "li",
      {},
      el("span", { class: `swatch part-${index % 6}` }),
      el("span", {}, name),
      el("span", { class: "number" }, formatBytes(size)),
    ),
  );
  return el(
    "div",
    {},
    el("div", { class: "parts", "aria-hidden": "true" }, ...pieces),
    el("ul", { class: "parts-names" }, ...names),
  );
}

function entityView(entity: EntityStats): HTMLElement {
  const rows = entity.indexes.map(({ field, kind, postings, terms }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", dir: "auto" }, field),
      el("td", {}, kind),
      el("td", { class: "number" }, formatCount(postings)),
      el("td", { class: "number" }, formatCount(terms)),
    ),
  );
  const dangling = entity.dangling > 0 ? `, ${formatCount(entity.dangling)} dangling links` : "";
  const headings = ["Index", "Kind", "Postings", "Terms"].map((name, at) =>
    el("th", { scope: "col", class: at > 1 ? "number" : "" }, name),
  );
  return el(
    "details",
    { class: "entity" },
    el(
      "summary",
      {},
      el("span", { class: "entity-name", dir: "auto" }, entity.name),
      el("span", { class: "number" }, `${formatCount(entity.records)} records${dangling}`),
    ),
    rows.length === 0
      ? el("p", { class: "faint" }, "No index.")
      : el(
          "div",
          { class: "table" },
          el("table", {}, el("thead", {}, el("tr", {}, ...headings)), el("tbody", {}, ...rows)),
        ),
  );
}

function lastText(store: StoreStats): string {
  if (!store.sealed) return "Nothing is sealed yet: what is imported can be seen when its import ends.";
  if (store.lastImport === null) return "";
  const { sealedAt, sources } = store.lastImport;
  const more = sources.length > 1 ? ` and ${sources.length - 1} more` : "";
  return `Last import ${formatTime(sealedAt)}, from ${sources[0] ?? "nowhere"}${more}`;
}
