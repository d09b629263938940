import { noRowCounts, type RowBatch, type TableTargetSession, type Target } from "../../src/ports/index.js";

/** A broken relational target, and the clause that has to catch it. */
export interface TableSaboteur {
  name: string;
  clause: string;
  spoil(target: Target): Target;
}

type Verbs = Partial<TableTargetSession>;

/** A target whose sessions differ from another one's in some verbs. */
function changed(target: Target, change: (session: TableTargetSession) => Verbs): Target {
  return {
    name: target.name,
    capabilities: target.capabilities,
    open: async (options) => {
      const session = (await target.open(options)) as TableTargetSession;
      const verbs = change(session);
      return new Proxy(session, {
        get(_target, name) {
          const value: unknown = Reflect.get(Object.hasOwn(verbs, name) ? verbs : session, name, session);
          return typeof value === "function" ? value.bind(session) : value;
        },
      });
    },
  };
}

function without(batch: RowBatch, isLost: (page: RowBatch["pages"][number]) => boolean): RowBatch {
  return { ...batch, pages: batch.pages.filter((page) => !isLost(page)) };
}

/** Changes nothing: what a wrapper alone does must break no clause. */
export const harmlessTableWrapper: TableSaboteur = {
  name: "is wrapped and otherwise as it was",
  clause: "",
  spoil: (target) => changed(target, () => ({})),
};

export const tableSaboteurs: TableSaboteur[] = [
  {
    name: "takes verbs after its end",
    clause: "B1",
    spoil: (target) =>
      changed(target, () => ({ apply: async () => ({ counts: noRowCounts(), rejects: [] }) })),
  },
  {
    name: "finds a note that nobody left",
    clause: "B2",
    spoil: (target) => changed(target, () => ({ finished: async () => "note" })),
  },
  {
    name: "loses the checkpoint",
    clause: "B3",
    spoil: (target) => changed(target, (session) => ({ commit: () => session.commit("{}") })),
  },
  {
    name: "commits whatever it is given at once",
    clause: "B4",
    spoil: (target) =>
      changed(target, (session) => ({
        apply: async (batch) => {
          const applied = await session.apply(batch);
          await session.commit("{}");
          return applied;
        },
      })),
  },
  {
    name: "counts all records as stored",
    clause: "B5",
    spoil: (target) =>
      changed(target, (session) => ({
        apply: async (batch) => {
          const { counts, rejects } = await session.apply(batch);
          const stored = Object.values(counts).reduce((sum, count) => sum + count, 0);
          return { counts: { ...noRowCounts(), stored }, rejects };
        },
      })),
  },
  {
    name: "loses the rows of lists",
    clause: "B6",
    spoil: (target) =>
      changed(target, (session) => ({
        apply: (batch) => session.apply(without(batch, ({ table }) => table > 1)),
      })),
  },
  {
    name: "does not know tombstones",
    clause: "B7",
    spoil: (target) =>
      changed(target, (session) => ({
        apply: (batch) => session.apply(without(batch, ({ isTombstones }) => isTombstones)),
      })),
  },
  {
    name: "says nothing of what it could not store",
    clause: "B8",
    spoil: (target) =>
      changed(target, (session) => ({
        apply: async (batch) => ({ ...(await session.apply(batch)), rejects: [] }),
        settle: async () => ({ ...(await session.settle()), rejects: [] }),
      })),
  },
  {
    name: "leaves dead links where they are",
    clause: "B9",
    spoil: (target) =>
      changed(target, () => ({ afterLoad: async () => ({ isDone: true, danglingLinks: 0 }) })),
  },
  {
    name: "publishes without the note",
    clause: "B10",
    spoil: (target) =>
      changed(target, (session) => ({ publish: (sealed, id) => session.publish(sealed, id, null) })),
  },
  {
    name: "forgets nothing",
    clause: "B11",
    spoil: (target) => changed(target, () => ({ forget: async () => {} })),
  },
];
