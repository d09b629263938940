// Writes docs/errors.md from the error table: `npm run docs:errors`. A test holds the file to what this renders.
import { realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const head = `# Errors

Every condition that Plimsoll can meet has a code that stays the same between versions. The message says what
happened and how to mend it; programs look at \`error.code\`, and \`error.place\` names the source, line and byte where
there is one. *Words like this* stand for what the message names.

This page is written by \`npm run docs:errors\` from the table in \`src/kernel/errors.ts\`.
`;

/** The whole page for a table of codes, in alphabetical order. */
export function renderErrors(table) {
  const codes = Object.keys(table).sort();
  return head + codes.map((code) => renderError(code, table[code])).join("");
}

function renderError(code, { message, retry }) {
  const { happened, mend } = splitMessage(message);
  const again = retry
    ? "The same command may succeed when it is run again unchanged."
    : "The same command fails again until this is mended.";
  const mending = mend === "" ? "" : `**To mend it:** ${mend}\n\n`;
  return `\n## ${code}\n\n${happened}\n\n${mending}${again}\n`;
}

/** A message is what happened, one sentence, and then how to mend it. */
function splitMessage(message) {
  const text = message.replace(/`[^`]*`|\{(\w+)\}/g, (whole, name) =>
    name === undefined ? whole : `*${name}*`,
  );
  const end = /[.?!] (?=[A-Z])/.exec(text);
  if (end === null) return { happened: text, mend: "" };
  return { happened: text.slice(0, end.index + 1), mend: text.slice(end.index + 2) };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { errorTable } = await import("../dist/kernel/errors.js");
  writeFileSync(new URL("../docs/errors.md", import.meta.url), renderErrors(errorTable));
}
