/** LMDB's flags of a database, as they are kept in the file. */
export const dbiFlags = {
  reverseKey: 0x02,
  dupSort: 0x04,
  integerKey: 0x08,
  dupFixed: 0x10,
  integerDup: 0x20,
  reverseDup: 0x40,
} as const;

/** What a page is, by its own word. */
export const pageKinds = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08, leaf2: 0x20 } as const;

/** What the data of an entry is: on pages of its own, the head of a tree, or several values of one key. */
export const nodeFlags = { bigData: 0x01, subData: 0x02, dupData: 0x04 } as const;

export type DataFormat = 1 | 2;

/**
 * Where things stand on a page. Format 1 is LMDB 0.9's; format 2, which lmdb for Node writes, has the
 * transaction in the head of each page and counts the places of entries from behind it.
 */
export interface PageLayout {
  readonly format: DataFormat;
  /** Bytes of a page's head; behind it stand the places of its entries. */
  readonly headBytes: number;
  /** What is added to an entry's place. */
  readonly nodeBase: number;
}

export const pageLayouts: Record<DataFormat, PageLayout> = {
  1: { format: 1, headBytes: 16, nodeBase: 0 },
  2: { format: 2, headBytes: 24, nodeBase: 24 },
};

export const lmdbMagic = 0xbeefc0de;
export const nodeHeadBytes = 8;
/** The description of a tree: in a meta page, or as the value of a named database. */
export const treeHeadBytes = 48;
/** Behind magic, version and address of a meta page come the map's size and two trees: free pages, main. */
export const metaBody = {
  version: 4,
  mapBytes: 16,
  trees: 24,
  lastPage: 120,
  txnId: 128,
  bytes: 136,
} as const;
/** The root of an empty tree. */
export const noPage = 0xffff_ffff_ffff_ffffn;
/** One tree of the file. */
export interface TreeHead {
  flags: number;
  depth: number;
  pages: number;
  entries: number;
  /** -1 where it is empty. */
  root: number;
}

export function readTreeHead(bytes: Buffer, at: number): TreeHead {
  const root = bytes.readBigUInt64LE(at + 40);
  const pages = [8, 16, 24].reduce((sum, offset) => sum + Number(bytes.readBigUInt64LE(at + offset)), 0);
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    pages,
    entries: Number(bytes.readBigUInt64LE(at + 32)),
    root: root === noPage ? -1 : Number(root),
  };
}
