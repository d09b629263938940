import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** Path from the project's root, with slashes. */
  path: string;
  text: string;
}

/** All TypeScript files of some top-level folders; folders that do not exist are passed over. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => {
    if (!existsSync(join(projectRoot, folder))) return [];
    return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
      .sort()
      .map((path) => ({ path, text: readFileSync(join(projectRoot, path), "utf8") }));
  });
}
