import type { Problem } from "../api/types.js";
import { el } from "../dom.js";

/** An error as the server tells it: its code, what happened, and how to mend it. */
export function problemBox(problem: Problem): HTMLElement {
  return el(
    "div",
    { class: "problem", role: "alert" },
    el("code", { class: "problem-code" }, problem.code),
    el("p", { dir: "auto" }, problem.message),
  );
}
