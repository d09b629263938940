import { resolve } from "node:path";
import type { OptionValues } from "../settings/index.js";
import type { ResolveOptions } from "../sources/index.js";
import { readStoredMapping, type TargetChoice } from "./target.js";

interface LibraryHost {
  values: OptionValues;
  note: (text: string) => void;
}

/** The format of the sources, which the preset of comics says too, and what is kept of a library. */
export async function libraryOptions(
  { values, note }: LibraryHost,
  target: TargetChoice,
  command: "import" | "plan",
): Promise<{ format: string | null; comics?: ResolveOptions["comics"] }> {
  const isPreset = values.text("preset") === "comics";
  const format = values.text("format") ?? (isPreset ? "comics" : null);
  if (format !== "comics") return { format };
  // A plan and a dry run see all of the library, and change nothing.
  const isKept = command === "import" && !values.flag("dry-run") && target.kind !== "null";
  const catalogue = isKept ? catalogueOf(values, target) : null;
  if (isKept && catalogue === null) {
    note("Every archive is read each time, and comics that are gone stay: name a folder with --catalogue.\n");
  }
  const stored = catalogue === null ? null : await readStoredMapping(target);
  const isCatalogueOfTarget = stored?.entities.some(({ name }) => name === "Comic") ?? false;
  return { format, comics: { catalogue, isCatalogueOfTarget, isFresh: values.flag("fresh") } };
}

function catalogueOf(values: OptionValues, { path }: TargetChoice): string | null {
  const named = values.text("catalogue");
  if (named !== null) return resolve(named);
  return path === null ? null : `${path.replace(/\/+$/, "")}.comics`;
}
