// Writes docs/cli.md from the tables of commands and options: `npm run docs:cli`. A test holds the file to it.
import { realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function renderCli({ commandTable, optionsOf, optionFlags }) {
  const parts = [
    "# The command line",
    "",
    "Written by `npm run docs:cli` from the table of options. Every option can be set by its variable and in a configuration",
    "file ([settings](settings.md)); the command line wins over both. Results go to stdout, everything else to stderr.",
    "",
    "| exit code | meaning |",
    "|---|---|",
    "| 0 | done |",
    "| 1 | failed: the message says what happened, where, and how to mend it |",
    "| 2 | wrong usage |",
    "| 3 | done, with more rejects than `--max-rejects` allows |",
    "| 130 | interrupted: the same command goes on |",
  ];
  for (const command of commandTable) {
    const args = command.args === "" ? "" : ` ${command.args.replace(/[[\]]/g, "")}`;
    parts.push("", `## plimsoll ${command.name}`, "", sentence(command.summary), "");
    parts.push("```sh", `plimsoll ${command.name}${args} [options]`, "", ...command.examples, "```");
    const rows = optionsOf(command.name);
    if (rows.length === 0) continue;
    parts.push("", "| option | variable | default | meaning |", "|---|---|---|---|");
    for (const row of rows) {
      const choices = row.choices === undefined ? "" : ` (${row.choices.join(", ")})`;
      const cells = [`\`${optionFlags(row)}\``, `\`${row.env}\``, row.default ?? "", `${row.help}${choices}`];
      parts.push(`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
    }
  }
  return `${parts.join("\n")}\n`;
}

function sentence(text) {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { commandTable } = await import("../dist/settings/index.js");
  const { optionFlags, optionsOf } = await import("../dist/settings/index.js");
  const page = renderCli({ commandTable, optionsOf, optionFlags });
  writeFileSync(new URL("../docs/cli.md", import.meta.url), page);
}
