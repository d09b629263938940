import type { Replica } from "../api/snapshot-types.js";
import { type Child, el } from "../dom.js";
import { formatBytes, formatCount, formatDuration } from "../format.js";
import { figures, troubleBox } from "./figures.js";
import type { Times } from "./times.js";

/** The copy that this server keeps up. */
export function replicaView(replica: Replica, times: Times): Child[] {
  const { state, trouble, progress } = replica;
  return [
    el(
      "p",
      { class: "snapshot-head" },
      "A replica of what ",
      state === null ? "is" : el("b", { dir: "auto" }, state.instance),
      state === null ? " pushed to " : " pushes to ",
      el("code", { dir: "auto" }, replica.storage),
    ),
    trouble === null ? null : troubleBox("Looking for news", trouble, times),
    state === null && trouble === null && progress === null
      ? el("p", { class: "empty" }, "Nothing has been pulled yet.")
      : null,
    progress === null ? null : progressView(progress),
    figures([
      ["pushed", state === null ? "–" : times.ago(state.pushedAt), times.exactly(state?.pushedAt ?? null)],
      ["pulled", times.ago(state?.pulledAt ?? null), times.exactly(state?.pulledAt ?? null)],
      ["last look", times.ago(replica.currentAt), times.exactly(replica.currentAt)],
      ["looks again", replica.isPulling ? "pulling" : times.until(replica.nextAt)],
      ["looks every", formatDuration(replica.everySeconds)],
    ]),
    el(
      "p",
      { class: "faint" },
      "It takes no writes: what is imported into the original and pushed comes here by itself.",
    ),
  ];
}

function progressView({ parts, partsTotal, bytes }: NonNullable<Replica["progress"]>): HTMLElement {
  const text = `${formatCount(parts)} of ${formatCount(partsTotal)} parts, ${formatBytes(bytes)}`;
  return el(
    "div",
    {},
    el("progress", { max: Math.max(1, partsTotal), value: parts, "aria-label": "Pull" }),
    el("p", { class: "faint number" }, text),
  );
}
