import type { StreamState } from "../api/event-stream.js";
import { byId, setText } from "../dom.js";

/** Whether events arrive, and how long until the next attempt when they do not. */
export class ConnectionView {
  readonly #dot = byId("connection");
  readonly #text = byId("connection-text");
  readonly #button = byId<HTMLButtonElement>("reconnect");
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(onRetry: () => void) {
    this.#button.addEventListener("click", onRetry);
  }

  show(state: StreamState): void {
    clearInterval(this.#timer);
    this.#dot.dataset.state = state.kind;
    this.#button.hidden = state.kind !== "waiting";
    if (state.kind !== "waiting") {
      setText(this.#text, state.kind === "live" ? "Live" : "Connecting…");
      return;
    }
    const draw = () => {
      const seconds = Math.max(0, Math.ceil((state.untilMs - Date.now()) / 1000));
      setText(this.#text, `No connection, trying again in ${seconds} s`);
    };
    draw();
    this.#timer = setInterval(draw, 500);
  }
}
