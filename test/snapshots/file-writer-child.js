// Writes an object into a folder, says when half of it is there, and waits to be killed.
import { FileStorage } from "../../dist/snapshots/index.js";

const [folder, name, bytes] = process.argv.slice(2);
const storage = new FileStorage(folder);
const half = Buffer.alloc(Number(bytes) / 2, 1);

async function* chunks() {
  yield half;
  process.stdout.write("half\n");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

await storage.write(name, chunks(), { signal: new AbortController().signal });
