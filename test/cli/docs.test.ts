import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderCli } from "../../scripts/cli-doc.js";
import { commandTable, optionFlags, optionsOf } from "../../src/settings/index.js";

test("docs/cli.md is what `npm run docs:cli` writes", () => {
  const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  expect(page).toBe(renderCli({ commandTable, optionsOf, optionFlags }));
});
