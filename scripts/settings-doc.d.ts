import type { OptionRow } from "../src/cli/option-row.js";

export function renderSettings(tables: {
  optionTable: readonly OptionRow[];
  optionFlags: (row: OptionRow) => string;
  rowKey: (row: OptionRow) => string;
}): string;
