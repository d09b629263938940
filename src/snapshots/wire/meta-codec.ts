import type { SnapshotMeta } from "../snapshot-entry.js";
import { metaFields, wireTypes } from "./format.js";
import type { WireCursor } from "./wire-cursor.js";

export function emptyMeta(): SnapshotMeta {
  return {
    generationId: "",
    instanceId: "",
    hostname: "",
    databaseName: "",
    lmdbTxnId: 0n,
    timestampNano: 0n,
    fromLmdbTxnId: 0n,
  };
}

const textFields: Partial<Record<number, "generationId" | "instanceId" | "hostname" | "databaseName">> = {
  [metaFields.generationId]: "generationId",
  [metaFields.instanceId]: "instanceId",
  [metaFields.hostname]: "hostname",
  [metaFields.databaseName]: "databaseName",
};

const txnFields: Partial<Record<number, "lmdbTxnId" | "fromLmdbTxnId">> = {
  [metaFields.lmdbTxnId]: "lmdbTxnId",
  [metaFields.fromLmdbTxnId]: "fromLmdbTxnId",
};

/** Reads what is said about a snapshot into what is known of it: said twice, the last word counts. */
export function readMeta(cursor: WireCursor, meta: SnapshotMeta): void {
  while (cursor.at < cursor.end) {
    const tag = cursor.tag();
    const text = textFields[tag >>> 3];
    const txn = txnFields[tag >>> 3];
    if (text) {
      cursor.expect(tag, wireTypes.bytes);
      meta[text] = cursor.text();
    } else if (txn) {
      cursor.expect(tag, wireTypes.varint);
      meta[txn] = BigInt.asIntN(64, cursor.varint64());
    } else if (tag >>> 3 === metaFields.timestampNano) {
      cursor.expect(tag, wireTypes.fixed64);
      meta.timestampNano = cursor.fixed64();
    } else {
      cursor.skipField(tag);
    }
  }
}
