// Writes docs/settings.md from the table of options: `npm run docs:settings`. A test holds the file to it.
import { realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const head = `# Settings

Every setting is an option of the command line, an environment variable and a key of a configuration file. The first of
these that says something wins: command line, variable, file (a command's section over the common keys), default. Where
there are several ways to say one thing (\`--preset\`, \`--mapping\` or fields; \`--filter\` or \`--nostr\`), the nearest one
takes the place of the other ways too.

This page is written by \`npm run docs:settings\` from the table that the program itself reads.

## The configuration file

\`--config FILE\` or \`PLIMSOLL_CONFIG\` names it; without them it is \`plimsoll.yaml\`, \`plimsoll.yml\` or
\`plimsoll.toml\` in the current folder, if one is there. Keys are the names of options. Keys at the top hold for every
command that has the option; a command's name opens a section for it alone. Paths in it are taken from the current
folder, as on the command line.

\`\`\`yaml
memory: 60%,64MiB..1GiB
threads: 2
import:
  into: ./events
  preset: nostr
  run-buffer: 64MiB
  sync-every: 100000
query:
  block-cache: 16MiB
\`\`\`

\`\`\`toml
memory = "60%,64MiB..1GiB"
threads = 2

[import]
into = "./events"
preset = "nostr"
run-buffer = "64MiB"
sync-every = 100000

[query]
block-cache = "16MiB"
\`\`\`

All of the file is checked whenever it is read: a key that is unknown, in the wrong place or of the wrong type ends the
command with exit code 2, the line of the file where it is known, and the name that was probably meant.

`;

const memoryHead = `## Memory, batches, caches and the disk

Shares are parts of the line; \`plimsoll memory\` prints what each of them gets here. One that is asked for gets exactly
that, and the others what is left; when the line does not hold it, the import is refused at once with what would do. A
share outside of its range is refused as well: below it the import cannot work, above it nothing is gained.

`;

export function renderSettings({ optionTable, optionFlags, rowKey }) {
  const bounding = optionTable.filter((row) => row.bounds !== undefined);
  const others = optionTable.filter((row) => row.bounds === undefined);
  const cells = (row) => [code(optionFlags(row)), code(row.env), fileKey(row, rowKey), row.default ?? ""];
  return [
    head,
    memoryHead,
    table(
      ["option", "variable", "key", "default", "what it bounds", "shares", "commands"],
      bounding.map((row) => [
        ...cells(row),
        row.bounds,
        (row.shares ?? []).map(code).join(", "),
        row.commands.join(", "),
      ]),
    ),
    "\n## Everything else\n\n",
    table(
      ["option", "variable", "key", "default", "meaning", "commands"],
      others.map((row) => [...cells(row), meaning(row), row.commands.join(", ")]),
    ),
  ].join("");
}

/** The file cannot name itself. */
function fileKey(row, rowKey) {
  return row.name === "config" ? "" : code(rowKey(row));
}

function meaning(row) {
  return row.choices === undefined ? row.help : `${row.help} (${row.choices.join(", ")})`;
}

function code(text) {
  return `\`${text}\``;
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return [line(heads), `${"|---".repeat(heads.length)}|\n`, ...rows.map(line)].join("");
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { optionFlags, optionTable } = await import("../dist/settings/index.js");
  const { rowKey } = await import("../dist/settings/index.js");
  const page = renderSettings({ optionTable, optionFlags, rowKey });
  writeFileSync(new URL("../docs/settings.md", import.meta.url), page);
}
