export type CommandName =
  | "import"
  | "plan"
  | "infer"
  | "query"
  | "export"
  | "stats"
  | "verify"
  | "serve"
  | "token"
  | "snapshot"
  | "memory";

export interface CommandRow {
  name: CommandName;
  /** Arguments as commander writes them; every one is checked by the command itself. */
  args: string;
  /** Whether options can make it do without the store. */
  isStoreOptional?: boolean;
  summary: string;
  examples: readonly string[];
}

export const commandTable: readonly CommandRow[] = [
  {
    name: "import",
    args: "[SOURCE...]",
    summary: "load files into a store; the same command again resumes, or does nothing twice",
    examples: [
      "plimsoll import products.csv --into ./shop",
      "plimsoll import events.jsonl.zst --into ./events --preset nostr --memory 256MiB",
      "plimsoll import 'cities/*.json.gz' states.csv --into ./geo --mapping mapping.yaml",
      "zcat log.jsonl.gz | plimsoll import - --into ./log --entity Entry --key id --range time",
    ],
  },
  {
    name: "plan",
    args: "[SOURCE...]",
    summary: "print what an import would do: format, mapping, memory, batches, disk and time",
    examples: [
      "plimsoll plan events.jsonl --into ./events --preset nostr --memory 256MiB",
      "plimsoll plan products.csv --into ./shop",
    ],
  },
  {
    name: "infer",
    args: "[SOURCE...]",
    summary: "print a mapping inferred from a sample, as YAML",
    examples: ["plimsoll infer products.csv > mapping.yaml", "plimsoll infer products.csv --entity Product"],
  },
  {
    name: "query",
    args: "[STORE]",
    summary: "print the records that match, one a line",
    examples: [
      `plimsoll query ./geo --filter '{"entity":"City","where":{"population":{"gte":1e6}}}'`,
      `plimsoll query ./geo --filter '{"entity":"City","search":"san"}' --count`,
      `plimsoll query ./events --nostr '{"kinds":[1],"#t":["bitcoin"],"limit":20}'`,
      `plimsoll query ./graph --match '? <http://schema.org/name> "Ada"@en'`,
    ],
  },
  {
    name: "export",
    args: "[STORE]",
    summary: "print every record of a store, streaming",
    examples: [
      "plimsoll export ./geo > geo.jsonl",
      "plimsoll export ./geo --entity City --format csv > cities.csv",
    ],
  },
  {
    name: "stats",
    args: "[STORE]",
    summary: "print what a store holds: entities, records, indexes, bytes, last import",
    examples: ["plimsoll stats ./geo", "plimsoll stats ./geo --json"],
  },
  {
    name: "verify",
    args: "[STORE]",
    summary: "hold every index entry against its record and every block against its checksum",
    examples: ["plimsoll verify ./geo"],
  },
  {
    name: "serve",
    args: "[STORE]",
    isStoreOptional: true,
    summary: "serve a store over HTTP: import, query and export, with a page to watch it",
    examples: [
      "plimsoll serve ./events",
      "plimsoll serve ./events --port 9000 --memory 256MiB",
      "plimsoll serve ./events --host 0.0.0.0 --tokens ./tokens.json",
      "plimsoll serve ./replica --replica-of s3://bucket/events --every 30s",
      "plimsoll serve ./events --sync lightningstream.yaml",
      "plimsoll serve --sync lightningstream.yaml",
    ],
  },
  {
    name: "token",
    args: "[VERB]",
    summary: "make, list and remove the tokens that a server takes",
    examples: [
      "plimsoll token add --tokens ./tokens.json --scope write --name loader",
      "plimsoll token list --tokens ./tokens.json",
      "plimsoll token remove --tokens ./tokens.json --name loader",
    ],
  },
  {
    name: "snapshot",
    args: "[VERB] [ARGUMENT...]",
    summary:
      "publish, fetch and merge snapshots through a folder or S3: of stores, and of applications' LMDB",
    examples: [
      "plimsoll snapshot push ./events s3://bucket/events --instance writer",
      "plimsoll snapshot pull ./replica s3://bucket/events",
      "plimsoll snapshot list file:./snapshots",
      "plimsoll snapshot get file:./snapshots NAME > NAME",
      "plimsoll snapshot dump file:./snapshots/NAME",
      "plimsoll snapshot sync ./pdns.lmdb s3://bucket/dns --instance ns1 --database main --schema native",
      "plimsoll snapshot sync --config lightningstream.yaml --once",
    ],
  },
  {
    name: "memory",
    args: "",
    summary: "print the memory line that would be used here, every limit that was seen, and why",
    examples: [
      "plimsoll memory",
      "plimsoll memory --memory 60%",
      "PLIMSOLL_MEMORY=512MiB plimsoll memory --json",
    ],
  },
];
