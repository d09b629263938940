import type { Identifier } from "./comic-metadata.js";
import { name, text } from "./values.js";

interface KnownSite {
  source: string;
  host: RegExp;
  /** Finds the type (when the address says it) and the key in the path. */
  path: RegExp;
  /** Types as the address writes them. */
  types?: Readonly<Record<string, string>>;
}

const comicVineTypes = {
  4000: "issue",
  4005: "character",
  4010: "publisher",
  4020: "location",
  4040: "creator",
  4045: "arc",
  4050: "series",
  4060: "team",
};

const sites: readonly KnownSite[] = [
  {
    source: "comicvine",
    host: /(^|\.)comicvine\.(gamespot\.)?com$/,
    path: /\/(?<type>40\d\d)-(?<key>\d+)/,
    types: comicVineTypes,
  },
  { source: "metron", host: /(^|\.)metron\.cloud$/, path: /^\/(?<type>issue|series|arc)\/(?<key>[^/]+)/ },
  {
    source: "grandcomicsdatabase",
    host: /(^|\.)comics\.org$/,
    path: /^\/(?<type>issue|series)\/(?<key>\d+)/,
  },
  { source: "marvel", host: /(^|\.)marvel\.com$/, path: /^\/comics\/(?<type>issue|series)\/(?<key>\d+)/ },
  {
    source: "leagueofcomicgeeks",
    host: /(^|\.)leagueofcomicgeeks\.com$/,
    path: /^\/comics?\/(?<key>\d+)/,
  },
  { source: "anilist", host: /(^|\.)anilist\.co$/, path: /^\/manga\/(?<key>\d+)/, types: { "": "series" } },
  {
    source: "mangadex",
    host: /(^|\.)mangadex\.org$/,
    path: /^\/title\/(?<key>[0-9a-f-]+)/,
    types: { "": "series" },
  },
  {
    source: "myanimelist",
    host: /(^|\.)myanimelist\.net$/,
    path: /^\/manga\/(?<key>\d+)/,
    types: { "": "series" },
  },
];

/** What an address identifies; of a site that is not known, the address itself. */
export function identifierOfUrl(value: unknown): Identifier | undefined {
  const written = text(value);
  if (written === undefined || written.length > 2048 || !/^https?:\/\//i.test(written)) return undefined;
  if (!URL.canParse(written)) return undefined;
  const { hostname, pathname, href } = new URL(written);
  for (const site of sites) {
    const found = site.host.test(hostname) ? site.path.exec(pathname)?.groups : undefined;
    if (found === undefined) continue;
    const type = site.types?.[found.type ?? ""] ?? found.type ?? "issue";
    return { source: site.source, type, key: found.key!, url: href };
  }
  return { source: hostname.replace(/^www\./, ""), type: "page", key: href, url: href };
}

/** An identifier that says its source: `comicvine` and `Comic Vine` are one. */
export function identifier(source: unknown, key: unknown, type = "issue"): Identifier | undefined {
  const found = name(source);
  const written = name(key);
  if (found === undefined || written === undefined) return undefined;
  return { source: sourceName(found), type, key: written, url: null };
}

const aliases: Readonly<Record<string, string>> = {
  cvid: "comicvine",
  cv: "comicvine",
  comicvine: "comicvine",
  gcd: "grandcomicsdatabase",
  grandcomicsdatabase: "grandcomicsdatabase",
  metroncloud: "metron",
};

function sourceName(written: string): string {
  const plain = written.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return aliases[plain] ?? (plain === "" ? written : plain);
}

/** A trade number: ISBN by its first digits, else UPC. */
export function tradeNumber(value: unknown, source?: "isbn" | "upc"): Identifier | undefined {
  const digits = text(value)?.replace(/[\s-]/g, "");
  if (digits === undefined || !/^\d{8,18}X?$|^\d{9}X$/.test(digits)) return undefined;
  const isBook = digits.length === 10 || (digits.length === 13 && /^97[89]/.test(digits));
  return { source: source ?? (isBook ? "isbn" : "upc"), type: "issue", key: digits, url: null };
}

/**
 * Identifiers that programs write into texts: `urn:metron:issue:77`, `urn:comicvine:4000-88`, `CVDB88`, and
 * `Tagged with ... using info from Comic Vine on 2022-01-01. [Issue ID 88]`.
 */
export function identifiersOfText(value: unknown): (Identifier | undefined)[] {
  const written = text(value) ?? "";
  const tagged = /\[Issue ID ?(\d+)\]/i.exec(written)?.[1];
  const vine = /\bCVDB ?(\d+)/i.exec(written)?.[1];
  return [
    identifier(/using info from Metron/i.test(written) ? "metron" : "comicvine", tagged),
    tagged === vine ? undefined : identifier("comicvine", vine),
    ...[...written.slice(0, urnCharsMax).matchAll(urns)].map(({ 1: source, 2: type = "", 3: key }) =>
      /^(?:isbn|upc|gtin)$/i.test(source!)
        ? tradeNumber(key)
        : identifier(source, key, urnTypes[type] ?? type),
    ),
  ];
}
const urns = /\burn:([a-z][\w-]{1,31}):(?:(issue|series|arc|40\d\d)[:-])?([\w-]{1,64})/gi;
/** Identifiers of an issue are few, and notes may be long. */
const urnCharsMax = 4096;
const urnTypes: Readonly<Record<string, string>> = { "": "issue", ...comicVineTypes };

/** Each thing once, the first mention with its address. */
export function uniqueIdentifiers(found: readonly (Identifier | undefined)[]): Identifier[] | undefined {
  const byKey = new Map<string, Identifier>();
  for (const one of found) {
    if (one === undefined) continue;
    const key = JSON.stringify([one.source, one.type, one.key]);
    const former = byKey.get(key);
    if (former === undefined || (former.url === null && one.url !== null)) byKey.set(key, one);
  }
  return byKey.size === 0 ? undefined : [...byKey.values()];
}
