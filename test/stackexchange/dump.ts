import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

export const dumpFolder = join(
  process.env.PLIMSOLL_TEST_DATA ?? resolve("../shared/data"),
  "stackexchange-bicycles-meta",
);
export const isDumpThere = existsSync(dumpFolder);
export const title = isDumpThere ? "" : " (no test data; set PLIMSOLL_TEST_DATA)";

export type Row = Readonly<Record<string, string>>;

/** What each file of a dump holds. */
export const entities: Readonly<Record<string, string>> = {
  Badges: "Badge",
  Comments: "Comment",
  PostHistory: "PostHistory",
  PostLinks: "PostLink",
  Posts: "Post",
  Tags: "Tag",
  Users: "User",
  Votes: "Vote",
};

export const dumpFiles = (): string[] => readdirSync(dumpFolder).map((file) => join(dumpFolder, file));

const characters: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The rows of a table, read by regular expressions: every attribute as its text. */
export function readRows(table: string): Row[] {
  const text = gunzipSync(readFileSync(join(dumpFolder, `${table}.xml.gz`))).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line.includes("<row "))
    .map((line) =>
      Object.fromEntries(
        [...line.matchAll(/ (\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, plain(value!)]),
      ),
    );
}

function plain(value: string): string {
  return value.replace(/&(?:#x([0-9A-F]+)|(\w+));/g, (_, hex: string | undefined, name: string) =>
    hex === undefined ? characters[name]! : String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

/** Lines of a table that hold a pattern, counted by grep. */
export function grepCount(table: string, pattern: string): number {
  const file = join(dumpFolder, `${table}.xml.gz`);
  const counted = execFileSync("sh", ["-c", 'gzip -dc "$1" | grep -c -e "$2" || true', "sh", file, pattern]);
  return Number(counted.toString("utf8"));
}
