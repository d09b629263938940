import type { JobState } from "../api/types.js";
import { el } from "../dom.js";

const words: Record<JobState, string> = {
  queued: "Queued",
  running: "Running",
  complete: "Complete",
  failed: "Failed",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
};

export function stateLabel(state: JobState): HTMLElement {
  return el("span", { class: "state", "data-state": state }, words[state] ?? state);
}
