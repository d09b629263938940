// docs/benchmarks.md: every figure in it comes from a file in bench/results.
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { docsFolder, resultsFolder } from "./project.js";
import { readResults } from "./results.js";
import { countText, sizeText } from "./sizes.js";
import { markdownTable, tableOf } from "./tables.js";

const head = `# Benchmarks

Written by \`npm run bench -- report\` from the files in \`bench/results\`; no figure on this page comes from anywhere
else. Each section names the command that measures it again.

How it is measured: the real command line runs as a child process. Its wall time includes the start of Node.js. The
input is taken out of the page cache before each import, where the system allows it. *Peak memory* is what the kernel
says (VmHWM, all processes of the import added up). *Cgroup* is the kernel's highest count for a memory cgroup of the
size of the line, page cache and kernel buffers included; the kernel reclaims cache there rather than let it pass, so
that a count at the limit is normal, and what matters is that nothing was killed. *Last / first tenth* is the rate in
the last tenth of the records against that in the first: 1 means that a record costs the same at the end.
`;

const readings = {
  import: "",
  decode: "Decoding alone writes nothing: these are upper bounds of what an import can do.\n",
  plan: "The estimate divided by what the import then took, so 1.00 is right; sizes are held to a quarter.\n",
  live: "Folds write what was logged into the store; eight segments of a size are merged into one beside the writes.\n",
  relay:
    "An event is answered with OK when it is on the disk; a REQ runs beside, for the newest twenty of a topic or an author.\n",
  codec:
    "Ids go in and come out as arrays: for sets, the time is that of opening both lists from their bytes and listing what is in the result, and the rate counts the ids of both.\n",
  longlist:
    "The queries are started one by one: each opens the store anew, within a cgroup of the line where one can be made.\n",
  lists:
    "The client is a process of its own on the same machine; an answer of another edge than the one asked for ends the bench.\n",
  edges:
    "*Last / first tenth* is the rate of the last tenth of the time against that of the first, on a store that grows from 1,000 edges.\n",
  comics:
    "The time is that of the whole command, so that small libraries pay for its start. The last two change the library first.\n",
  snapshots:
    "By the real command line, file storage. The ceiling is zlib alone on the same message: a publication compresses it once, a merge unpacks each snapshot twice, the first time to see that it is whole. Entries are those of all snapshots that are read; written are those that were newer.\n",
  query: "Each filter asks for other authors, tags and times from run to run, drawn from the archive.\n",
};

/** Writes the page and copies the plots beside it; says whether there was anything to write. */
export function renderReport() {
  const results = readResults();
  if (results.length === 0) {
    process.stderr.write("There is nothing in bench/results: run a bench first.\n");
    return false;
  }
  mkdirSync(join(docsFolder, "plots"), { recursive: true });
  const page = join(docsFolder, "benchmarks.md");
  writeFileSync(page, `${[head, ...results.map(section)].join("\n")}`);
  process.stdout.write(`${page}\n`);
  return true;
}

function section(result) {
  const { machine, input } = result;
  const disk = `${countText(machine.diskWriteBytesPerSecond / 1e6)} MB/s written and synced`;
  const memory = `${sizeText(machine.memoryBytes)} of memory`;
  const parts = [
    `## ${result.name}\n`,
    `${result.what}: ${countText(input.records)} records${input.bytes === null ? "" : `, ${sizeText(input.bytes)}`}.\n`,
    `\`\`\`sh\n${result.command}\n\`\`\`\n`,
    `${machine.cpu}, ${machine.cores} cores, ${memory}, disk ${disk}, ${machine.kernel}, Node.js ${machine.node}, ` +
      `${machine.date.slice(0, 10)}.\n`,
    readings[result.table],
    markdownTable(tableOf(result)),
    commands(result),
    ...result.runs.map(plotLink),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

/** The command behind each line. */
function commands({ runs }) {
  const lines = runs
    .filter((run) => run.command !== undefined)
    .map((run) => `# ${run.title}\n${run.command}`);
  return lines.length === 0 ? "" : `\`\`\`sh\n${lines.join("\n")}\n\`\`\`\n`;
}

function plotLink(run) {
  const path = run.plot === undefined ? null : join(resultsFolder, run.plot);
  if (path === null || !existsSync(path)) return "";
  copyFileSync(path, join(docsFolder, "plots", run.plot));
  return `![Memory against the line and rate over time: ${run.title}](plots/${run.plot})\n`;
}
