import type { Trouble } from "../api/snapshot-types.js";
import { type Child, el } from "../dom.js";
import type { Times } from "./times.js";

/** Numbers under their names, as the other panels show theirs. */
export function figures(pairs: readonly (readonly [name: string, value: string, title?: string])[]): Child {
  return el(
    "dl",
    { class: "figures" },
    ...pairs.map(([name, value, title]) =>
      el("div", { class: "figure", title }, el("dt", {}, name), el("dd", {}, value)),
    ),
  );
}

/**
 * What fails, for how long, and when it is tried again. It is drawn anew every few seconds, so that it must
 * not be read aloud each time: the panel announces what changes.
 */
export function troubleBox(what: string, trouble: Trouble, times: Times): Child {
  const { error, count, since, retryAt } = trouble;
  const often = count === 1 ? "once" : `${count} times`;
  const again = retryAt == null ? "" : `, tried again ${times.until(retryAt)}`;
  return el(
    "div",
    { class: "problem" },
    el("code", { class: "problem-code" }, error.code),
    el("p", { dir: "auto" }, error.message),
    el("p", { class: "faint number" }, `${what} failed ${often} in ${times.since(since)}${again}`),
  );
}
