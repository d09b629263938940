/** What a storage can do beyond the least; the conformance suite tests the absence too. */
export interface SnapshotStorageCapabilities {
  /**
   * Refuses a write to a name that is taken, even when two writers come at once. What a server does is found
   * out at the first such write and is taken for granted until then.
   */
  readonly conditionalWrite: boolean;
}

export interface StoredObject {
  name: string;
  bytes: number;
}

export interface StorageCallOptions {
  signal: AbortSignal;
}

export interface StorageReadOptions extends StorageCallOptions {
  /** First byte that is wanted; 0 where it is left out. At the end or behind it nothing comes. */
  offset?: number;
}

export interface StorageWriteOptions extends StorageCallOptions {
  /**
   * Fails with SNAPSHOT_NAME_TAKEN where there is an object with this name, and with STORAGE_UNCONDITIONAL
   * where the storage has no `conditionalWrite`, or none for an object of this size.
   */
  isNew?: boolean;
}

/**
 * Where snapshots are kept: objects with names, written once and whole. Names are the relative paths of
 * objects, with `/` between folders, ASCII letters, digits, `-`, `_` and `.`; no folder or object begins with
 * `.` or ends with `.tmp`, and no object has the name of a folder. What is stored under other names is none
 * of it.
 */
export interface SnapshotStorage extends AsyncDisposable {
  /** For messages: where it is, without secrets. */
  readonly name: string;
  readonly capabilities: SnapshotStorageCapabilities;

  /** Objects whose name begins with the prefix, by name in the order of bytes, asked for page by page. */
  list(prefix: string, options: StorageCallOptions): AsyncIterable<StoredObject>;

  /**
   * The bytes of an object, in chunks that are the reader's until it asks for the next. A lost connection is
   * taken up again where it broke, of the same object or not at all. Throws SNAPSHOT_ABSENT where nothing has
   * the name.
   */
  read(name: string, options: StorageReadOptions): AsyncIterable<Uint8Array>;

  /**
   * Writes an object. Nobody sees anything of it before all of it is there and kept, and nothing is there
   * when the chunks throw, the signal aborts or the process dies.
   */
  write(name: string, chunks: AsyncIterable<Uint8Array>, options: StorageWriteOptions): Promise<StoredObject>;

  /**
   * Another text when something was written or removed since, and from time to time all the same; null where
   * it is not known. For storages of which a look at it costs less than a list.
   */
  mark?(options: StorageCallOptions): Promise<string | null>;

  /** Takes an object away; one that is not there is no failure. */
  remove(name: string, options: StorageCallOptions): Promise<void>;

  /** Takes away what killed writers have left, which no list shows, and says how many writings that were. */
  removeLeftovers?(options: StorageCallOptions): Promise<number>;
}
