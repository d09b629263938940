import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderCli } from "../../scripts/cli-doc.js";
import { commandTable } from "../../src/cli/command-table.js";
import { optionFlags, optionsOf } from "../../src/cli/option-table.js";

test("docs/cli.md is what `npm run docs:cli` writes", () => {
  const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  expect(page).toBe(renderCli({ commandTable, optionsOf, optionFlags }));
});
