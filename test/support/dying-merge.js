// Merges many entries into a database in several transactions, with a line for every thousand, and is killed
// meanwhile: node dying-merge.js DATABASE COUNT
import { setTimeout as delay } from "node:timers/promises";

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
    process.stdout.write(`${at}\n`);
    await delay(5);
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
await mergeSnapshot(environment, source, { schema: "native", signal: new AbortController().signal });
await environment[Symbol.asyncDispose]();
