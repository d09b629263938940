import { el } from "../dom.js";
import { clip, formatTime } from "../format.js";
import { contentCharactersMax, tagsMax } from "../limits.js";
import { rawRecord } from "./raw-record.js";

export interface NostrEvent {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
}

/** A part of an event was pressed: more of the same is wanted. */
export type AskMore = (filter: Record<string, unknown>) => void;

const kindNames: Readonly<Record<number, string>> = {
  0: "profile",
  1: "note",
  3: "follows",
  4: "direct message",
  5: "deletion",
  6: "repost",
  7: "reaction",
  16: "repost",
  1063: "file",
  1111: "comment",
  1984: "report",
  9735: "zap",
  10002: "relays",
  30023: "article",
};

export function isNostrEvent(value: unknown): value is NostrEvent {
  if (typeof value !== "object" || value === null) return false;
  const event = value as Partial<NostrEvent>;
  const isText =
    typeof event.id === "string" && typeof event.pubkey === "string" && typeof event.content === "string";
  return (
    isText &&
    typeof event.kind === "number" &&
    typeof event.created_at === "number" &&
    Array.isArray(event.tags)
  );
}

export function eventCard(event: NostrEvent, line: string, askMore: AskMore): HTMLElement {
  const kindName = kindNames[event.kind];
  const author = more(short(event.pubkey), "More by this author", event.pubkey, () =>
    askMore({ authors: [event.pubkey] }),
  );
  const kind = more(
    kindName === undefined ? `kind ${event.kind}` : `${kindName} (${event.kind})`,
    "More of this kind",
    "",
    () => askMore({ kinds: [event.kind] }),
  );
  const time = el("time", { datetime: isoOf(event.created_at) }, formatTime(event.created_at * 1000));
  return el(
    "article",
    { class: "card" },
    el("header", {}, author, kind, time, el("span", { class: "id faint", title: event.id }, short(event.id))),
    event.content === "" ? el("p", { class: "faint" }, "No content.") : contentOf(event.content),
    tagsOf(event.tags, askMore),
    rawRecord(line),
  );
}

function contentOf(content: string): HTMLElement {
  return el("p", { class: "content", dir: "auto" }, clip(content, contentCharactersMax));
}

function tagsOf(tags: readonly unknown[], askMore: AskMore): HTMLElement | null {
  const known = tags.filter((tag): tag is string[] => Array.isArray(tag) && typeof tag[0] === "string");
  if (known.length === 0) return null;
  const items = known.slice(0, tagsMax).map(([name = "", value]) => {
    const text = typeof value === "string" && value !== "" ? `${name} ${short(value)}` : name;
    const isAskable = /^[A-Za-z]$/.test(name) && typeof value === "string" && value !== "";
    const press = () => askMore({ [`#${name}`]: [value] });
    const chip = isAskable
      ? more(text, "More with this tag", clip(String(value), 120), press)
      : el("span", { dir: "auto" }, text);
    return el("li", {}, chip);
  });
  if (known.length > tagsMax) items.push(el("li", { class: "faint" }, `and ${known.length - tagsMax} more`));
  return el("ul", { class: "tags", "aria-label": "Tags" }, ...items);
}

function more(text: string, label: string, title: string, click: () => void): HTMLElement {
  return el(
    "button",
    { type: "button", class: "chip", dir: "auto", title: title === "" ? label : `${label}: ${title}`, click },
    text,
  );
}

/** Hex is known by its ends; other text by its beginning. */
function short(text: string): string {
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 8)}…${text.slice(-4)}` : clip(text, 48);
}

function isoOf(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
