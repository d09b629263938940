import { mappedCheckChanges } from "../../kernel/index.js";
import { winnerOf } from "../merge/entry-rule.js";
import type { SnapshotEntry } from "../snapshot-entry.js";
import { decodeDupSortKey } from "../wire/dupsort-key.js";
import { nativeHeaderBytes, putNativeHeader } from "../wire/native-header.js";
import type { ChangeBatch } from "./change-batch.js";
import { listDatabases } from "./database-list.js";
import type { ApplicationEnvironment, Table } from "./environment.js";
import { HeaderWalk } from "./header-walk.js";
import { keyOrderOf } from "./key-order.js";
import type { MetaPage } from "./lmdb-file.js";
import { type MainWalk, walkMain } from "./main-walk.js";
import { dbiFlags, type TreeHead } from "./page-layout.js";

export interface WriteTarget {
  environment: ApplicationEnvironment;
  /** The application's database. */
  name: string;
  /** The one with headers: the same, or its shadow. */
  keptName: string;
}

/**
 * Writes a batch into a database with headers, within a write transaction. Where somebody has written since
 * the batch was made, each change is compared again with what is there now.
 */
export function writeNative(
  { environment, keptName }: WriteTarget,
  batch: ChangeBatch,
  meta: MetaPage,
  { heldTxnId, deletedCutoffNano }: { heldTxnId: number; deletedCutoffNano: bigint },
): number {
  const table = environment.table(keptName);
  const txnId = meta.txnId + 1;
  const walk = heldTxnId === meta.txnId ? null : walkKept(environment, keptName, meta);
  let written = 0;
  for (let at = 0; at < batch.count; at += 1) {
    if (at % mappedCheckChanges === 0) environment.giveBackWithin();
    const key = batch.key(at);
    walk?.find(key);
    if (walk !== null && !wins(entryAt(batch, at), walk, deletedCutoffNano)) continue;
    put(table, key, batch.stored(at, txnId));
    written += 1;
  }
  return written;
}

/**
 * The same for a database with a shadow. What the application has changed since its shadow was made counts
 * with the time of now; then the newer of both goes into shadow and database together.
 */
export function writeShadow(
  target: WriteTarget,
  batch: ChangeBatch,
  meta: MetaPage,
  { nowNano, deletedCutoffNano }: { nowNano: bigint; deletedCutoffNano: bigint },
): number {
  const shadow = new ShadowWriter(target, meta);
  let written = 0;
  for (let at = 0; at < batch.count; at += 1) {
    if (at % mappedCheckChanges === 0) target.environment.giveBackWithin();
    const key = batch.key(at);
    const isChanged = shadow.takeLocal(key, nowNano);
    if (wins(entryAt(batch, at), shadow.current, deletedCutoffNano)) {
      shadow.put(key, batch, at);
      written += 1;
    } else if (isChanged) {
      shadow.settleLocal(key);
    }
  }
  return written;
}

/** Writes into the shadow what the application has changed at the batch's keys, or what has no shadow yet. */
export function writeLocal(
  target: WriteTarget,
  batch: ChangeBatch,
  meta: MetaPage,
  nowNano: bigint,
  unknownNano: bigint,
): number {
  const shadow = new ShadowWriter(target, meta);
  let written = 0;
  for (let at = 0; at < batch.count; at += 1) {
    if (at % mappedCheckChanges === 0) target.environment.giveBackWithin();
    const key = batch.key(at);
    if (!shadow.takeLocal(key, nowNano, unknownNano)) continue;
    shadow.settleLocal(key);
    written += 1;
  }
  return written;
}

/** A value that LMDB does not take is told by the answer alone. */
function put(table: Table, key: Buffer, value: Buffer): void {
  const isTaken = table.putSync(key, value) as unknown as boolean;
  if (!isTaken) throw new Error(`it refuses a value of ${value.length} bytes`);
}

/** What is at a key: nothing, or an entry. */
interface Current extends SnapshotEntry {
  isThere: boolean;
}

function wins(change: SnapshotEntry, current: Current, deletedCutoffNano: bigint): boolean {
  if (current.isThere) return winnerOf(current, change) === change;
  return !change.isDeleted || change.timestampNano >= deletedCutoffNano;
}

function entryAt(batch: ChangeBatch, at: number): SnapshotEntry {
  const [key, value] = [batch.key(at), batch.value(at)];
  return { key, value, timestampNano: batch.timestampNano(at), isDeleted: batch.isDeleted(at) };
}

function walkKept(environment: ApplicationEnvironment, name: string, meta: MetaPage): HeaderWalk {
  const { pages, file } = environment;
  const tree = listDatabases(pages, meta, file.path).get(name) ?? emptyTree;
  return new HeaderWalk(pages, name, tree, keyOrderOf(tree.flags));
}

const emptyTree: TreeHead = { flags: 0, depth: 0, pages: 0, entries: 0, root: -1 };
const noBytes = Buffer.alloc(0);
/** Behind it there is no later time. */
const lastNano = 2n ** 64n - 1n;

/** One pair of shadow and database within a transaction, by keys that rise. */
class ShadowWriter {
  /** What is at the key now, with the application's own change. */
  current: Current = { isThere: false, key: noBytes, timestampNano: 0n, isDeleted: false, value: noBytes };

  readonly #name: string;
  readonly #shadow: HeaderWalk;
  readonly #main: MainWalk;
  readonly #isPairs: boolean;
  readonly #shadowTable: Table;
  readonly #mainTable: Table;
  readonly #txnId: number;
  #isInMain = false;

  constructor({ environment, name, keptName }: WriteTarget, meta: MetaPage) {
    const { pages, file } = environment;
    const mainTree = listDatabases(pages, meta, file.path).get(name) ?? emptyTree;
    this.#name = name;
    this.#shadow = walkKept(environment, keptName, meta);
    this.#main = walkMain(pages, mainTree, name);
    this.#isPairs = (mainTree.flags & dbiFlags.dupSort) !== 0;
    this.#shadowTable = environment.table(keptName);
    this.#mainTable = environment.table(name);
    this.#txnId = meta.txnId + 1;
  }

  /** Looks at a key; whether the application has changed it since its shadow was made, or it has none. */
  takeLocal(key: Buffer, nowNano: bigint, unknownNano = nowNano): boolean {
    this.#shadow.find(key);
    this.#isInMain = this.#main.find(key);
    const isLive = this.#shadow.isThere && !this.#shadow.isDeleted;
    const isSame = this.#isInMain
      ? isLive && Buffer.compare(this.#main.value, this.#shadow.value) === 0
      : !isLive;
    if (isSame) {
      this.current = this.#shadow;
      return false;
    }
    this.current = this.#localEntry(key, this.#shadow.isThere ? this.#laterThanShadow(nowNano) : unknownNano);
    return true;
  }

  /** Takes what the application has changed into the shadow. */
  settleLocal(key: Buffer): void {
    const { current } = this;
    const stored = Buffer.allocUnsafe(nativeHeaderBytes + current.value.length);
    const { timestampNano, isDeleted } = current;
    putNativeHeader(stored, { timestampNano, isDeleted, txnId: BigInt(this.#txnId) });
    stored.set(current.value, nativeHeaderBytes);
    put(this.#shadowTable, key, stored);
  }

  put(key: Buffer, batch: ChangeBatch, at: number): void {
    this.#putMain(key, batch.isDeleted(at), batch.value(at));
    put(this.#shadowTable, key, batch.stored(at, this.#txnId));
  }

  #putMain(key: Buffer, isDeleted: boolean, value: Uint8Array): void {
    const mainKey = this.#isPairs ? Buffer.from(decodeDupSortKey(key, this.#name)) : key;
    // The pair that a key is made of may be another one where the value is long.
    const isReplaced = this.#isPairs && this.#isInMain && Buffer.compare(this.#main.value, value) !== 0;
    if (this.#isInMain && (isDeleted || isReplaced)) this.#removeMain(mainKey);
    if (!isDeleted) put(this.#mainTable, mainKey, value as Buffer);
  }

  #removeMain(mainKey: Buffer): void {
    if (this.#isPairs) this.#mainTable.removeSync(mainKey, Buffer.from(this.#main.value) as never);
    else this.#mainTable.removeSync(mainKey);
  }

  #localEntry(key: Buffer, timestampNano: bigint): Current {
    const value = this.#isInMain ? this.#main.value : noBytes;
    return { isThere: true, key, timestampNano, isDeleted: !this.#isInMain, value };
  }

  /** The application changed what it saw: that came before, even where some clock was ahead. */
  #laterThanShadow(nowNano: bigint): bigint {
    const { timestampNano } = this.#shadow;
    if (nowNano > timestampNano) return nowNano;
    return timestampNano === lastNano ? lastNano : timestampNano + 1n;
  }
}
