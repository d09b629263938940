import { post, postForLines } from "../api/client.js";
import { isAbort, problemOf } from "../api/failure.js";
import type { StoreInfo } from "../api/types.js";
import { byId, el, replace, setText } from "../dom.js";
import { formatCount } from "../format.js";
import { resultsMax, resultsStep } from "../limits.js";
import { announce } from "../shell/announce.js";
import { copyLine } from "../shell/copy-line.js";
import { problemBox } from "../shell/problem-box.js";
import { eventCard, isNostrEvent } from "./event-card.js";
import { countBody, FilterFault, type Question, queryBody } from "./question.js";
import { recordCard } from "./record-card.js";

/** Words and a filter, and what they find: a step at a time, each drawn as it arrives. */
export class SearchPanel {
  readonly #words = byId<HTMLInputElement>("words");
  readonly #filter = byId<HTMLTextAreaElement>("filter");
  readonly #entity = byId<HTMLSelectElement>("entity");
  readonly #results = byId("results");
  readonly #status = byId("search-status");
  readonly #more = byId<HTMLButtonElement>("more");
  #isNostr = false;
  #question: Question | null = null;
  #keys = new Set<string>();
  #count: number | null = null;
  #running = new AbortController();

  constructor() {
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#ask();
    });
    this.#more.addEventListener("click", () => void this.#askMore());
  }

  /** What can be asked follows from what is stored. */
  showStore(info: StoreInfo): void {
    this.#isNostr = info.isNostr;
    const entities = info.store?.entities ?? [];
    byId("search").hidden = info.store === null;
    byId("entity-field").hidden = info.isNostr || entities.length < 2;
    const names = entities.map(({ name }) => name);
    if (names.join("\n") !== [...this.#entity.options].map(({ value }) => value).join("\n")) {
      replace(this.#entity, ...names.map((name) => el("option", { value: name }, name)));
    }
    const example = info.isNostr
      ? '{"kinds":[1],"#t":["bitcoin"]}'
      : '{"where":{"field":"value"},"order":"-field"}';
    this.#filter.placeholder = example;
  }

  async #ask(): Promise<void> {
    this.#running.abort();
    this.#running = new AbortController();
    const isOneOfMany = !byId("entity-field").hidden;
    this.#question = {
      words: this.#words.value,
      filterText: this.#filter.value,
      entity: isOneOfMany ? this.#entity.value : "",
      isNostr: this.#isNostr,
    };
    this.#keys = new Set();
    this.#count = null;
    replace(this.#results);
    this.#more.hidden = true;
    void this.#countAll(this.#question, this.#running.signal);
    await this.#step();
  }

  async #askMore(): Promise<void> {
    const shown = this.#results.childElementCount;
    await this.#step();
    // The first of those that came: who uses the keyboard reads on from there.
    const first = this.#results.children[shown]?.firstElementChild;
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  }

  async #step(): Promise<void> {
    const question = this.#question;
    if (question === null) return;
    const { signal } = this.#running;
    this.#more.disabled = true;
    this.#results.setAttribute("aria-busy", "true");
    if (this.#keys.size === 0) setText(this.#status, "Searching…");
    try {
      const hasMore = await this.#read(question, signal);
      this.#end(hasMore);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.#fail(error);
    } finally {
      if (!signal.aborted) this.#results.removeAttribute("aria-busy");
      this.#more.disabled = false;
    }
  }

  /** Whether there is more behind what was drawn. */
  async #read(question: Question, signal: AbortSignal): Promise<boolean> {
    const wanted = Math.min(resultsMax, this.#keys.size + resultsStep);
    const offset = this.#keys.size;
    for await (const line of postForLines("/api/query", queryBody(question, offset), signal)) {
      if (signal.aborted) return false;
      if (line === "") continue;
      const value = parsed(line);
      const key = isNostrEvent(value) ? value.id : `${offset} ${this.#keys.size}`;
      if (this.#keys.has(key)) continue;
      if (this.#keys.size >= wanted) return true;
      this.#keys.add(key);
      this.#results.append(this.#card(value, line));
      this.#tell(true);
    }
    return false;
  }

  #card(value: unknown, line: string): HTMLElement {
    const isEvent = this.#isNostr && isNostrEvent(value);
    const card = isEvent ? eventCard(value, line, (filter) => this.#askFor(filter)) : recordCard(value, line);
    card.tabIndex = -1;
    return el("li", {}, card);
  }

  #askFor(filter: Record<string, unknown>): void {
    this.#words.value = "";
    this.#filter.value = JSON.stringify(filter);
    byId<HTMLDetailsElement>("filter-box").open = true;
    byId("search").scrollIntoView();
    this.#words.focus({ preventScroll: true });
    void this.#ask();
  }

  async #countAll(question: Question, signal: AbortSignal): Promise<void> {
    try {
      const response = await post("/api/query", countBody(question), signal);
      const { count } = (await response.json()) as { count: number };
      if (signal.aborted) return;
      this.#count = count;
      this.#tell(this.#results.hasAttribute("aria-busy"));
    } catch {
      // What is wrong with the question, its results tell.
    }
  }

  #end(hasMore: boolean): void {
    const isFull = this.#keys.size >= resultsMax;
    this.#more.hidden = !hasMore || isFull;
    this.#results.removeAttribute("aria-busy");
    this.#tell(false);
    announce(this.#status.textContent ?? "");
    if (hasMore && isFull) this.#results.append(el("li", {}, exportHint()));
  }

  #tell(isRunning: boolean): void {
    const shown = this.#keys.size;
    if (shown === 0 && !isRunning) {
      setText(this.#status, "Nothing matches. Try fewer words, or a wider filter.");
      return;
    }
    const total = this.#count === null ? "" : ` of ${formatCount(Math.max(this.#count, shown))}`;
    setText(this.#status, shown === 0 ? "Searching…" : `${formatCount(shown)}${total} shown`);
  }

  #fail(error: unknown): void {
    setText(this.#status, "");
    this.#more.hidden = true;
    const problem =
      error instanceof FilterFault ? { code: "FILTER", message: error.message } : problemOf(error);
    this.#results.append(el("li", {}, problemBox(problem)));
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function exportHint(): HTMLElement {
  const command = `curl -s ${location.origin}/api/export > records.jsonl`;
  return el(
    "div",
    { class: "card" },
    el("p", {}, `No more than ${resultsMax} are shown here. Narrow the search, or take everything out:`),
    copyLine(command),
  );
}
