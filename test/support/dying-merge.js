// Merges many entries into a database in several transactions, says when it begins, and is killed meanwhile:
// node dying-merge.js DATABASE COUNT
const { ApplicationEnvironment, mergeSnapshot } = await import(new URL("../../dist/snapshots/index.js", import.meta.url).href);
const [path, count] = process.argv.slice(2);
const value = Buffer.alloc(700, 5);
const key = Buffer.alloc(4);
let at = 0;
let ready = 0;
let databases = 0;
const source = {
  async nextDbi() {
    databases += 1;
    return databases === 1 ? { name: "records", flags: 0n, transform: "" } : null;
  },
  async fill() {
    ready = Math.min(Number(count), at + 1000);
    return at < ready;
  },
  next() {
    if (at >= ready) return null;
    key.writeUInt32BE(at);
    at += 1;
    return { key, value, timestampNano: 5n, isDeleted: false };
  },
};
const environment = new ApplicationEnvironment(path);
process.stdout.write("begins\n");
await mergeSnapshot(environment, source, { schema: "native", signal: new AbortController().signal });
process.stdout.write("done\n");
await environment[Symbol.asyncDispose]();
