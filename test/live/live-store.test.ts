import { afterAll, expect, test } from "vitest";
import { count, openLiveStore } from "../../src/index.js";
import { lookup } from "../../src/query/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere, seenHere } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const mapping = `version: 1
entities:
  Doc: { key: id, conflict: replace, fields: { id: int, tag: { type: string, index: exact } } }
  Note: { fields: { text: string } }
`;

test("a program writes, deletes and reads records of a store that it has to itself", async () => {
  folder.write("none.jsonl", '{"id":1,"tag":"a"}\n');
  const path = folder.file("store");
  await importHere({ cwd: folder.path, sources: ["none.jsonl"], store: path, mapping });
  {
    await using store = await openLiveStore(path);
    const docs = [
      { id: 2, tag: "a" },
      { id: 1, tag: "b" },
    ];
    expect(await store.set("Doc", docs)).toEqual([{ state: "stored" }, { state: "stored" }]);
    expect(await store.delete("Doc", [{ id: 2 }])).toEqual([{ state: "deleted" }]);
    expect(await store.set("Doc", [{ tag: "keyless" }])).toMatchObject([{ state: "rejected" }]);
    expect(await store.read((reader) => count(reader, { entity: "Doc" }))).toBe(1);
    expect(await store.read((reader) => lookup(reader, "Doc", 2))).toBeUndefined();
    await expect(store.delete("Note", [{ text: "x" }])).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await expect(store.set("Dock", [{}])).rejects.toMatchObject({ code: "ENTITY_UNKNOWN" });
    await expect(openLiveStore(path)).rejects.toMatchObject({ code: "STORE_SERVED" });
  }
  const { lines, faults } = await seenHere(path);
  expect(faults).toEqual([]);
  expect(lines).toEqual(['{"id":1,"tag":"b"}']);
}, 60_000);
