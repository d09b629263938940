import assert from "node:assert/strict";
import { compileMapping, mergeMappings } from "../src/mapping/index.js";
import type { CompiledMapping } from "../src/model/index.js";
import type { Applied, RowBatch, SealedState, TableTargetSession } from "../src/ports/index.js";
import { openRowPage, type RowPage, RowPageWriter } from "../src/tables/index.js";
import type { TableSubject } from "./table-target.js";

/** Things with tags and an owner; owners; both by the rule that is asked for. */
export function thingsMapping(conflict: string, owner = "keep"): CompiledMapping {
  return compileMapping({
    version: 1,
    entities: {
      Thing: {
        key: "id",
        conflict,
        deleted: "gone",
        rest: false,
        fields: {
          id: "int",
          gone: "bool",
          version: "int",
          name: { type: "string", index: ["exact", "text"] },
          owner: { type: "string", link: "Owner" },
          tags: { type: "string", list: true },
          friends: { type: "string", list: true, link: "Owner" },
        },
      },
      Owner: { key: "name", conflict: owner, rest: false, fields: { name: "string" } },
    },
  });
}

export interface Thing {
  id: number | null;
  version?: number;
  name?: string;
  owner?: string;
  tags?: string[];
  friends?: string[];
  gone?: true;
}

const [thingTable, ownerTable, tagsTable, friendsTable] = [0, 1, 2, 3];

export async function openTables(
  subject: TableSubject,
  place: string,
  mapping: CompiledMapping,
): Promise<TableTargetSession> {
  const session = await subject.make(place).open({
    mergeMapping: (stored) => mergeMappings(stored, mapping),
    tempDir: null,
    transactionBytes: 1 << 20,
    mappedBytes: 4 << 20,
    signal: new AbortController().signal,
  });
  assert.ok("apply" in session, "a session of tables");
  return session as TableTargetSession;
}

/** Opens, works and closes. */
export async function withTables<T>(
  subject: TableSubject,
  place: string,
  mapping: CompiledMapping,
  work: (session: TableTargetSession) => Promise<T>,
): Promise<T> {
  await using session = await openTables(subject, place, mapping);
  return await work(session);
}

/** A batch as a worker makes it of these things: ordinals count from 0. */
export function thingBatch(things: readonly Thing[], record = 1): RowBatch {
  const rows = new RowPageWriter(thingTable!, false);
  const tombstones = new RowPageWriter(thingTable!, true);
  const lists = {
    tags: new RowPageWriter(tagsTable!, false),
    friends: new RowPageWriter(friendsTable!, false),
  };
  things.forEach((thing, ordinal) => {
    const writer = thing.gone ? tombstones : rows;
    writer.beginRow(ordinal, thing.gone ? 2 : 4);
    putInt(writer, thing.id);
    putInt(writer, thing.version ?? null);
    if (thing.gone) return;
    putText(writer, thing.name);
    putText(writer, thing.owner);
    for (const name of ["tags", "friends"] as const) {
      thing[name]?.forEach((value, position) => {
        lists[name].beginRow(ordinal, 3);
        putInt(lists[name], thing.id);
        putInt(lists[name], position);
        putText(lists[name], value);
      });
    }
  });
  const pages = [rows, tombstones, lists.tags, lists.friends].filter(({ count }) => count > 0).map(page);
  return { place: { firstId: record - 1, source: "things", offset: 0, line: 1, record }, pages };
}

export function ownerBatch(names: readonly string[]): RowBatch {
  const rows = new RowPageWriter(ownerTable!, false);
  names.forEach((name, ordinal) => {
    rows.beginRow(ordinal, 1);
    putText(rows, name);
  });
  return { place: { firstId: 0, source: "owners", offset: 0, line: 1, record: 1 }, pages: [page(rows)] };
}

/** Applies things in chunks of so many, each committed; the counts of all. */
export async function load(
  session: TableTargetSession,
  things: readonly Thing[],
  chunk = things.length,
): Promise<Applied> {
  const sum: Applied = {
    counts: { stored: 0, replaced: 0, superseded: 0, duplicates: 0, deleted: 0 },
    rejects: [],
  };
  for (let from = 0; from < things.length; from += chunk) {
    const batch = thingBatch(things.slice(from, from + chunk), from + 1);
    for (const applied of [await session.apply(batch), await session.settle()]) {
      for (const name of Object.keys(sum.counts) as (keyof Applied["counts"])[]) {
        sum.counts[name] += applied.counts[name];
      }
      sum.rejects.push(...applied.rejects);
    }
    await session.commit(`{"chunk":${from}}`);
  }
  return sum;
}

/** Does every step behind the load to its end; how many links led nowhere. */
export async function finish(session: TableTargetSession): Promise<number> {
  let danglingLinks = 0;
  for (const step of session.afterSteps) {
    for (let isDone = false; !isDone; ) {
      const piece = await session.afterLoad(step);
      danglingLinks += piece.danglingLinks;
      isDone = piece.isDone;
      await session.commit("{}");
    }
  }
  return danglingLinks;
}

export async function things(subject: TableSubject, place: string): Promise<unknown[][]> {
  return subject.readRows(place, "thing", ["id", "version", "name", "owner"]);
}

export async function listRows(subject: TableSubject, place: string, list: string): Promise<unknown[][]> {
  return subject.readRows(place, `thing_${list}`, ["thing_id", "position", "value"]);
}

export const sealed: SealedState = {
  segments: [],
  nextId: 0,
  liveRecords: [],
  deadRecords: 0,
  lastImport: {
    id: "import",
    sealedAt: "2026-01-01T00:00:00.000Z",
    sources: ["things"],
    records: { read: 1 },
  },
};

function page(writer: RowPageWriter): RowPage {
  const { head, bytes } = writer.take();
  const output = new ArrayBuffer(bytes.length);
  new Uint8Array(output).set(bytes);
  return openRowPage(head, output, 0);
}

function putInt(writer: RowPageWriter, value: number | null): void {
  if (value === null) writer.putNull();
  else writer.putInt(value);
}

function putText(writer: RowPageWriter, value: string | undefined): void {
  const bytes = Buffer.from(value ?? "");
  if (value === undefined) writer.putNull();
  else writer.putText(bytes, 0, bytes.length);
}
