import { rmSync } from "node:fs";
import { join } from "node:path";
import { isPlimsollError } from "../../src/kernel/index.js";
import type { BatchParts, StoreReader, Target, TargetSession } from "../../src/ports/index.js";
import type { TargetSubject } from "../target.js";

/** A broken target, and the clause that has to catch it. */
export interface TargetSaboteur {
  name: string;
  clause: string;
  spoil(target: Target, folder: string): Target;
}

type Verbs = Partial<Omit<TargetSession, "bytesWritten">>;

/** A target whose sessions differ from another one's in some verbs. */
function changed(target: Target, change: (session: TargetSession) => Verbs): Target {
  return {
    name: target.name,
    capabilities: target.capabilities,
    open: async (options) => {
      const session = await target.open(options);
      const verbs = change(session);
      return new Proxy(session, {
        get(_target, name) {
          const value: unknown = Object.hasOwn(verbs, name)
            ? Reflect.get(verbs, name)
            : Reflect.get(session, name, session);
          return typeof value === "function" ? value.bind(session) : value;
        },
      });
    },
  };
}

/** A reader that differs from another one in some calls. */
function changedReader(reader: StoreReader, change: Partial<StoreReader>): StoreReader {
  return new Proxy(reader, {
    get(_target, name) {
      const value: unknown = Object.hasOwn(change, name)
        ? Reflect.get(change, name)
        : Reflect.get(reader, name, reader);
      return typeof value === "function" ? value.bind(reader) : value;
    },
  });
}

/** Changes nothing: what a wrapper alone does must break no clause. */
export const harmlessWrapper: TargetSaboteur = {
  name: "is wrapped and otherwise as it was",
  clause: "",
  spoil: (target) =>
    changed(target, (session) => ({ reader: (options) => changedReader(session.reader(options), {}) })),
};

export const targetSaboteurs: TargetSaboteur[] = [
  {
    name: "loses the last append at a commit",
    clause: "T3",
    spoil: (target) =>
      changed(target, (session) => {
        let held: BatchParts | null = null;
        return {
          append: async (parts) => {
            if (held !== null) await session.append(held);
            held = structuredClone(parts);
          },
          commit: async (checkpoint) => {
            held = null;
            await session.commit(checkpoint);
          },
        };
      }),
  },
  {
    name: "commits what was only appended",
    clause: "T4",
    spoil: (target) =>
      changed(target, (session) => ({
        append: async (parts) => {
          await session.append(parts);
          await session.commit(`checkpoint of ${parts.place.firstId}`);
        },
      })),
  },
  {
    name: "shows unsealed records",
    clause: "T8",
    spoil: (target) =>
      changed(target, (session) => ({ reader: () => session.reader({ isUnsealedVisible: true }) })),
  },
  {
    name: "forgets the checkpoint",
    clause: "T3",
    spoil: (target) => changed(target, () => ({ checkpoint: async () => null })),
  },
  {
    name: "keeps the caller's buffers",
    clause: "T11",
    spoil: (target) =>
      changed(target, (session) => {
        const held: BatchParts[] = [];
        const appendAll = async () => {
          for (const parts of held.splice(0)) await session.append(parts);
        };
        return {
          append: async (parts) => void held.push(parts),
          commit: async (checkpoint) => {
            await appendAll();
            await session.commit(checkpoint);
          },
          publish: async (sealed, importId, note) => {
            await appendAll();
            await session.publish(sealed, importId, note);
          },
        };
      }),
  },
  {
    name: "doubles a block on replay",
    clause: "T5",
    spoil: (target) =>
      changed(target, (session) => {
        const seen = new Set<number>();
        return {
          append: async (parts) => {
            await session.append(parts);
            const [first] = parts.blocks;
            if (first === undefined) return;
            const double = { ...parts, blocks: [{ ...first, firstId: first.firstId + 1 }] };
            if (seen.has(first.firstId)) await session.append(double);
            seen.add(first.firstId);
          },
        };
      }),
  },
  {
    name: "rolls back one too few",
    clause: "T6",
    spoil: (target) => changed(target, (session) => ({ rollback: (fromId) => session.rollback(fromId + 1) })),
  },
  {
    name: "forgets the checkpoint only, and keeps the data",
    clause: "T7",
    spoil: (target) =>
      changed(target, (session) => ({
        forget: async () => {
          const { sealed } = session;
          if (sealed !== null) await session.publish(sealed, "forgotten", "");
        },
      })),
  },
  {
    name: "lets a second writer in",
    clause: "T9",
    spoil: (target, folder) => ({
      ...changed(target, () => ({})),
      open: async (options) => {
        try {
          return await target.open(options);
        } catch (error) {
          if (!isPlimsollError(error) || error.code !== "STORE_LOCKED") throw error;
          rmSync(join(folder, "writer.lock"));
          return await target.open(options);
        }
      },
    }),
  },
  {
    name: "leaves a published import pending",
    clause: "T8",
    spoil: (target) =>
      changed(target, (session) => ({
        publish: async (sealed, importId, note) => {
          await session.publish(sealed, importId, note);
          await session.commit("still here");
        },
      })),
  },
  {
    name: "drops the segment that is being written",
    clause: "T23",
    spoil: (target) => changed(target, (session) => ({ dropSegments: () => session.dropSegments(null) })),
  },
  {
    name: "begins with the block behind the sought one",
    clause: "T20",
    spoil: (target) =>
      changed(target, (session) => ({
        reader: (options) => {
          const reader = session.reader(options);
          return changedReader(reader, {
            tupleBlocks: (segment, index, term, id) => reader.tupleBlocks(segment, index, term, id + 1),
          });
        },
      })),
  },
  {
    name: "gives the filter of the block behind",
    clause: "T21-filter",
    spoil: (target) =>
      changed(target, (session) => ({
        reader: (options) => {
          const reader = session.reader(options);
          return changedReader(reader, {
            keyFilter: (segment, hash) => reader.keyFilter(segment, hash + 2n),
          });
        },
      })),
  },
  {
    name: "answers after it was closed",
    clause: "T1",
    spoil: (target) => changed(target, () => ({ finished: async () => null })),
  },
];

/** A subject whose targets are all spoilt. */
export function spoiltTarget(subject: TargetSubject, saboteur: TargetSaboteur): TargetSubject {
  return {
    ...subject,
    name: `${subject.name}, which ${saboteur.name}`,
    make: (folder) => saboteur.spoil(subject.make(folder), folder),
  };
}
