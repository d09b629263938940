import { eventCharactersMax, reconnectMsMax, reconnectMsMin, silenceMsMax } from "../limits.js";
import { request } from "./client.js";
import { ApiFailure } from "./failure.js";
import { linesOf } from "./lines.js";

export type StreamState = { kind: "connecting" } | { kind: "live" } | { kind: "waiting"; untilMs: number };

export interface StreamListener {
  onState: (state: StreamState) => void;
  onEvent: (name: string, data: unknown) => void;
}

/**
 * Server-sent events by fetch, because EventSource cannot carry a token. A stream that ends or falls silent
 * is opened again, after a time that doubles with each failure.
 */
export class EventStream {
  readonly #path: string;
  readonly #listener: StreamListener;
  #delayMs = reconnectMsMin;
  #wake: (() => void) | null = null;
  #listening = new AbortController();

  constructor(path: string, listener: StreamListener) {
    this.#path = path;
    this.#listener = listener;
  }

  /** Runs for as long as the page lives. */
  async run(): Promise<never> {
    for (;;) {
      this.#listener.onState({ kind: "connecting" });
      try {
        await this.#listen();
      } catch (error) {
        // A token that does not do is told where it was asked for; here only the time to the next attempt
        // counts.
        if (error instanceof ApiFailure && error.status < 500) this.#delayMs = reconnectMsMax;
      }
      this.#listener.onState({ kind: "waiting", untilMs: Date.now() + this.#delayMs });
      await this.#wait(this.#delayMs);
      this.#delayMs = Math.min(reconnectMsMax, this.#delayMs * 2);
    }
  }

  /** Tries again at once. */
  retry(): void {
    this.#delayMs = reconnectMsMin;
    this.#wake?.();
  }

  /** A server on its way out may keep this one stream: others find out first that it is gone. */
  breakOff(): void {
    this.#listening.abort();
  }

  async #listen(): Promise<void> {
    const silence = new AbortController();
    this.#listening = silence;
    let timer = setTimeout(() => silence.abort(), silenceMsMax);
    try {
      const init = {
        headers: { accept: "text/event-stream" },
        cache: "no-store",
        signal: silence.signal,
      } as const;
      const { body } = await request(this.#path, init);
      if (body === null) return;
      this.#listener.onState({ kind: "live" });
      let name = "message";
      let data = "";
      for await (const line of linesOf(body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMsMax);
        this.#delayMs = reconnectMsMin;
        if (line === "") {
          this.#tell(name, data);
          name = "message";
          data = "";
        } else if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:") && data.length < eventCharactersMax) data += line.slice(5).trim();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(name: string, data: string): void {
    if (data === "" && name === "message") return;
    let value: unknown = null;
    try {
      value = data === "" ? null : JSON.parse(data);
    } catch {
      // An event cut off by its bound: the next one of its kind says the same and more.
      return;
    }
    this.#listener.onEvent(name, value);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
