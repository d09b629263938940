const extensionPattern =
  /\.(jsonl|ndjson|json|csv|tsv|parquet|txt|nt|nq|nquads|ttl|xml|gz|gzip|zst|zstd|bz2|xz)$/i;
const dateOrNumberPattern = /[-_. ]*\d[\d\-_.:T ]*$/;
const singularWords = new Set(["series", "species", "news", "status", "address", "bus", "gas", "lens"]);

/** The name of the entity that a file seems to hold: `exports/order-items.2024.jsonl.gz` -> `OrderItem`. */
export function entityNameOf(path: string): string {
  let base =
    path
      .replace(/[\\/]+$/, "")
      .split(/[\\/]/)
      .at(-1) ?? "";
  while (extensionPattern.test(base)) base = base.replace(extensionPattern, "");
  base = base.replace(dateOrNumberPattern, "");
  const words = base
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
  const last = words.pop();
  if (last === undefined) return "Record";
  const name = [...words, singularOf(last)].map(capitalized).join("").slice(0, 64);
  return /^\p{L}/u.test(name) ? name : `Record${name}`.slice(0, 64);
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function singularOf(word: string): string {
  const lower = word.toLowerCase();
  if (singularWords.has(lower) || lower.length < 4 || /(ss|us|is)$/.test(lower)) return word;
  if (lower.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (/(ss|sh|ch|x|zz)es$/.test(lower)) return word.slice(0, -2);
  return lower.endsWith("s") ? word.slice(0, -1) : word;
}
