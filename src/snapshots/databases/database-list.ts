import { lmdbDatabasesMax, PlimsollError } from "../../kernel/index.js";
import { EntryWalk } from "./entry-walk.js";
import type { MetaPage } from "./lmdb-file.js";
import type { PageFile } from "./page-file.js";
import { readTreeHead, type TreeHead, treeHeadBytes } from "./page-layout.js";

/** Names that begin so are not the application's, and are in no snapshot. */
export const privatePrefix = "_sync";
export const shadowPrefix = "_sync_shadow_";

/** The named databases of a state, by name. What else the main tree holds is no database. */
export function listDatabases(pages: PageFile, { mainTree }: MetaPage, path: string): Map<string, TreeHead> {
  const found = new Map<string, TreeHead>();
  const walk = new EntryWalk(pages, mainTree);
  while (walk.next()) {
    if (!walk.isTree || walk.valueBytes !== treeHeadBytes) continue;
    if (found.size >= lmdbDatabasesMax) {
      const reason = `it has more than ${lmdbDatabasesMax} databases`;
      throw new PlimsollError("LMDB_FAILED", { path, reason });
    }
    const head = Buffer.from(walk.value);
    // Format 2 keeps the zero that ends names in C.
    const name = Buffer.from(walk.key).toString("utf8").replace(/\0$/, "");
    found.set(name, readTreeHead(head, 0));
  }
  return found;
}

export function isPrivate(name: string): boolean {
  return name.startsWith(privatePrefix);
}
