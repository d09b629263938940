// Parses N-Quads with N3.js and does nothing else: the yardstick for reading RDF in JavaScript.
import { createReadStream } from "node:fs";
import { StreamParser } from "n3";

const parser = new StreamParser({ format: "N-Quads" });
let quads = 0;
parser.on("data", () => quads++);
parser.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
parser.on("end", () => process.stdout.write(`${quads}\n`));
createReadStream(process.argv[2]).pipe(parser);
