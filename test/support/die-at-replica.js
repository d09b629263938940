// Pushes or pulls a copy of a store with the built program, and kills the process at one step of it, which is
// a call of the storage or of the replica's session, or a chunk of an object; 0 for none: node
// die-at-replica.js push|pull STORE FOLDER STEP
const dist = new URL("../../dist/", import.meta.url);
const [verb, store, folder, step] = process.argv.slice(2);
const { openStorage, pullParts, pushParts } = await import(new URL("snapshots/index.js", dist).href);
const { lmdbStoreParts, openLmdbReplica } = await import(new URL("targets/lmdb/index.js", dist).href);

let steps = 0;

function tick() {
  steps++;
  if (steps !== Number(step)) return undefined;
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

async function* ticking(items) {
  for await (const item of items) {
    await tick();
    yield item;
  }
  await tick();
}

/** Every call of these methods is a step before and one behind it. */
function watched(target, names, change = (name, parameters) => parameters) {
  return new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      if (!names.includes(name)) return value.bind(target);
      return async (...parameters) => {
        await tick();
        const result = await value.apply(target, change(name, parameters));
        await tick();
        return result;
      };
    },
  });
}

const plain = await openStorage(`file:${folder}`);
const storage = watched(plain, ["write", "remove"], (name, [object, chunks, ...others]) =>
  name === "write" ? [object, ticking(chunks), ...others] : [object, chunks, ...others],
);
const reading = new Proxy(storage, {
  get: (_, name) =>
    name === "read" ? (...parameters) => ticking(plain.read(...parameters)) : storage[name],
});
const { signal } = new AbortController();
let report;
if (verb === "push") {
  const source = lmdbStoreParts(store);
  report = await pushParts(source, reading, {
    name: "docs",
    instance: "one",
    signal,
    keepMs: 0,
    partBytesMax: 30_000,
  });
  await source[Symbol.asyncDispose]();
} else {
  const verbs = ["rollback", "keepSegments", "commit", "publish"];
  const open = async () => watched(await openLmdbReplica(store), verbs);
  report = await pullParts(reading, open, { name: "docs", signal });
}
process.stdout.write(`${JSON.stringify({ ...report, steps })}\n`);
