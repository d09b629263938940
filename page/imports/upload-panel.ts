import { isAbort, problemOf } from "../api/failure.js";
import type { Job } from "../api/types.js";
import { upload } from "../api/upload.js";
import { byId, el, replace, setText } from "../dom.js";
import { formatBytes, formatPercent } from "../format.js";
import { filesMax } from "../limits.js";
import { problemBox } from "../shell/problem-box.js";
import { type ImportFeed, isActive, isResumable } from "./feed.js";
import { looksLikeNostr } from "./file-kind.js";
import type { ImportOptions } from "./import-options.js";

/** The upload that is under way. */
interface Sending {
  file: File;
  sentBytes: number;
  startedAtMs: number;
  abort: AbortController;
  /** Imports that there were before: the one that comes is none of them. */
  idsBefore: ReadonlySet<string>;
  resumed: Job | null;
}

/** Files that are chosen, and the one on its way. */
export class UploadPanel {
  readonly #feed: ImportFeed;
  readonly #options: ImportOptions;
  readonly #chosen = byId("chosen");
  readonly #sendingBox = byId("sending");
  readonly #problem = byId("upload-problem");
  readonly #bar = byId<HTMLProgressElement>("sending-bar");
  #files: File[] = [];
  #sending: Sending | null = null;
  /**
   * The import whose file has arrived: its row stays until the import ends, so that nothing jumps meanwhile.
   */
  #sent: { id: string; file: File } | null = null;

  constructor(feed: ImportFeed, options: ImportOptions) {
    this.#feed = feed;
    this.#options = options;
    byId("cancel-upload").addEventListener("click", () => void this.#cancel());
  }

  get isBusy(): boolean {
    return this.#sending !== null;
  }

  /** Whether the file of this import is on its way from here. */
  isSending(job: Job): boolean {
    return this.#jobInFlight()?.id === job.id;
  }

  /** Shows what was chosen; nothing is sent before a person says so, because options count for good. */
  async choose(files: Iterable<File>): Promise<void> {
    this.#files = [...this.#files, ...files].slice(0, filesMax);
    replace(this.#problem);
    this.draw();
    const [first] = this.#files;
    if (first !== undefined && (await looksLikeNostr(first))) {
      this.#options.propose(true);
      this.draw();
    }
  }

  draw(): void {
    this.#drawChosen();
    const sending = this.#sending;
    const sent = this.#sentInView();
    this.#sendingBox.hidden = sending === null && sent === null;
    byId("cancel-upload").style.visibility = sending === null ? "hidden" : "";
    setText(byId("sending-verb"), sending === null ? "Sent" : "Sending");
    if (sent !== null) {
      this.#bar.value = 1;
      setText(byId("sending-bytes"), `100% · ${formatBytes(sent.size)}`);
    }
    if (sending === null) return;
    const { file, sentBytes, startedAtMs } = sending;
    const seconds = Math.max(0.001, (performance.now() - startedAtMs) / 1000);
    const fraction = file.size === 0 ? 1 : Math.min(1, sentBytes / file.size);
    this.#bar.value = fraction;
    setText(byId("sending-name"), file.name);
    const amounts = `${formatBytes(sentBytes)} of ${formatBytes(file.size)}`;
    setText(
      byId("sending-bytes"),
      `${formatPercent(fraction)} · ${amounts} · ${formatBytes(sentBytes / seconds)}/s`,
    );
  }

  #sentInView(): File | null {
    const sent = this.#sent;
    if (this.#sending !== null || sent === null) return null;
    const job = this.#feed.jobs.find(({ id }) => id === sent.id);
    return job !== undefined && isActive(job) ? sent.file : null;
  }

  #drawChosen(): void {
    const rows = this.#files.map((file) => this.#row(file));
    const count = this.#files.length;
    const label = count === 1 ? "Start the import" : `Start ${count} imports, one after another`;
    const start = el(
      "button",
      { type: "button", class: "primary", id: "start", click: () => void this.#start() },
      label,
    );
    replace(this.#chosen, ...(count === 0 ? [] : [el("ul", { class: "files" }, ...rows), start]));
  }

  #row(file: File): HTMLElement {
    const remove = () => {
      this.#files = this.#files.filter((other) => other !== file);
      this.draw();
      byId("choose").focus();
    };
    const job = this.#resumableFor(file);
    const note = job === null ? "" : ", goes on where it stopped";
    return el(
      "li",
      {},
      el("span", { class: "file-name", dir: "auto" }, file.name),
      el("span", { class: "faint" }, `${formatBytes(file.size)}${note}`),
      el(
        "button",
        { type: "button", class: "quiet", "aria-label": `Do not import ${file.name}`, click: remove },
        "Remove",
      ),
    );
  }

  /**
   * The same name and size: the same file, as far as anybody can tell; the server holds the bytes to its
   * cursor.
   */
  #resumableFor(file: File): Job | null {
    if (this.#options.isFresh) return null;
    const latest = this.#feed.jobs.find(({ name }) => name === file.name);
    if (latest === undefined || !isResumable(latest)) return null;
    return latest.bytesExpected === null || latest.bytesExpected === file.size ? latest : null;
  }

  async #start(): Promise<void> {
    if (this.#sending !== null) return;
    for (let file = this.#files.shift(); file !== undefined; file = this.#files.shift()) {
      if (!(await this.#send(file))) break;
    }
    this.draw();
  }

  /** Whether the file arrived; the import may go on after that. */
  async #send(file: File): Promise<boolean> {
    const resumed = this.#resumableFor(file);
    const abort = new AbortController();
    const idsBefore = new Set(this.#feed.jobs.map(({ id }) => id));
    this.#sending = { file, sentBytes: 0, startedAtMs: performance.now(), abort, idsBefore, resumed };
    replace(this.#problem);
    this.draw();
    const onSent = (bytes: number) => {
      if (this.#sending !== null) this.#sending.sentBytes = bytes;
      this.draw();
    };
    try {
      const job = await upload(this.#pathFor(file, resumed), file, { onSent }, abort.signal);
      this.#sent = { id: job.id, file };
      this.#options.forgetFresh();
      await this.#feed.watch(job.id);
      return true;
    } catch (error) {
      if (!isAbort(error)) await this.#showProblem(error);
      return false;
    } finally {
      this.#sending = null;
      this.draw();
      byId("choose").focus({ preventScroll: true });
    }
  }

  #pathFor(file: File, resumed: Job | null): string {
    // A resumed import has the options that it began with.
    if (resumed !== null) return `/api/imports/${encodeURIComponent(resumed.id)}/resume`;
    const parameters = this.#options.parameters();
    parameters.set("name", file.name);
    return `/api/import?${parameters}`;
  }

  /** A server that refuses a file ends the connection: what it says of the import is worth more than that. */
  async #showProblem(error: unknown): Promise<void> {
    const job = this.#jobInFlight();
    const told = problemOf(error);
    await this.#feed.refresh().catch(() => undefined);
    const now = this.#feed.jobs.find(({ id }) => id === job?.id);
    if (now?.state === "failed") return;
    replace(this.#problem, problemBox(told));
  }

  /** Which import is made of what is being sent: an answer with its id comes after the last byte only. */
  #jobInFlight(): Job | null {
    const sending = this.#sending;
    if (sending === null) return null;
    const isOurs = (job: Job) =>
      job.id === sending.resumed?.id || (job.name === sending.file.name && !sending.idsBefore.has(job.id));
    return this.#feed.jobs.find(isOurs) ?? null;
  }

  /**
   * The server ends the import at a checkpoint, then the transfer ends; without an import only the latter.
   */
  async #cancel(): Promise<void> {
    const sending = this.#sending;
    const job = this.#jobInFlight();
    this.#files = [];
    try {
      if (job !== null && isActive(job)) await this.#feed.cancel(job.id);
    } catch (error) {
      replace(this.#problem, problemBox(problemOf(error)));
    }
    sending?.abort.abort();
  }
}
