// Runs another program's main file without the rights of root: node as-nobody.js FILE WORDS...
import { pathToFileURL } from "node:url";

const nobody = 65534;
if (process.getuid?.() === 0) {
  process.setgid(nobody);
  process.setuid(nobody);
}
const [file, ...words] = process.argv.slice(2);
process.argv.splice(1, process.argv.length - 1, file, ...words);
await import(pathToFileURL(file).href);
