import { afterAll, beforeAll, expect, test } from "vitest";
import { asApplication } from "../../support/application-lmdb.js";
import { type Folder, makeFolder, plimsoll, type Running, startPlimsoll } from "../../support/cli.js";

let folder: Folder;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => folder.remove());

const instances = ["a", "b"] as const;
type Instance = (typeof instances)[number];

function configOf(instance: Instance): string {
  return folder.write(
    `${instance}.yaml`,
    `instance: ${instance}
lmdbs: {app: {path: ${folder.file(instance)}}}
lmdb_poll_interval: 100ms
storage_poll_interval: 100ms
storage:
  type: fs
  options: {root_path: ${folder.file("snapshots")}}
  cleanup: {enabled: true, interval: 150ms, must_keep_interval: 100ms}
`,
  );
}

async function stateOf(instance: Instance): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  await asApplication(folder.file(instance), 2, (table) => {
    for (const { key, value } of table("records").getRange({})) state[String(key)] = String(value);
  });
  return state;
}

/** Changes what is the instance's own, and some of what is everybody's. */
async function write(instance: Instance, round: number, own: Map<string, string>): Promise<void> {
  await asApplication(folder.file(instance), 2, (table) => {
    const records = table("records");
    for (let index = 0; index < 40; index++) {
      const key = `${instance} ${(round * 7 + index) % 60}`;
      if (index % 5 === 4) {
        records.removeSync(Buffer.from(key));
        own.delete(key);
      } else {
        const value = `${instance} in round ${round}: ${"x".repeat(index)}`;
        records.putSync(Buffer.from(key), Buffer.from(value));
        own.set(key, value);
      }
      records.putSync(Buffer.from(`all ${index % 10}`), Buffer.from(`${instance} ${round}`));
    }
  });
}

test("two instances whose syncs are killed at any moment end in one state, with nothing lost or back", async () => {
  const own = { a: new Map<string, string>(), b: new Map<string, string>() };
  const configs = { a: configOf("a"), b: configOf("b") };
  const start = (instance: Instance) => startPlimsoll(["snapshot", "sync", "--config", configs[instance]]);
  for (const instance of instances) await write(instance, 0, own[instance]);
  const running: Record<Instance, Running> = { a: start("a"), b: start("b") };
  for (let round = 1; round <= 8; round++) {
    for (const instance of instances) await write(instance, round, own[instance]);
    // From before it has opened anything to after it is at rest.
    await new Promise((resolve) => setTimeout(resolve, 50 + (round % 4) * 200));
    const killed = instances[round % 2]!;
    running[killed].child.kill("SIGKILL");
    await running[killed].ended;
    running[killed] = start(killed);
  }
  for (const instance of instances) {
    running[instance].child.kill("SIGKILL");
    await running[instance].ended;
  }
  for (const instance of ["a", "b", "a", "b"] as const) {
    const { code, error } = await plimsoll(["snapshot", "sync", "--config", configs[instance], "--once"]);
    expect([code, error]).toEqual([0, expect.any(String)]);
  }
  const [a, b] = [await stateOf("a"), await stateOf("b")];
  expect(a).toEqual(b);
  const expected = new Map([...own.a, ...own.b]);
  const found = Object.entries(a).filter(([key]) => !key.startsWith("all "));
  expect(new Map(found)).toEqual(expected);
  expect(Object.keys(a).filter((key) => key.startsWith("all "))).toHaveLength(10);
}, 180_000);
