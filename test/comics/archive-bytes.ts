import { crc32, deflateRawSync } from "node:zlib";

/** An entry as it is written, and what the two headers say of it where that is something else. */
export interface ZipEntry {
  name: string;
  data?: string | Uint8Array;
  method?: number;
  flags?: number;
  crc?: number;
  packedBytes?: number;
  bytes?: number;
  offset?: number;
}

export interface ZipOptions {
  comment?: string;
  /** What the end says of the list. */
  count?: number;
  listOffset?: number;
}

/** A zip archive byte by byte, lies included. */
export function zipBytes(entries: readonly ZipEntry[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const data = Buffer.from(entry.data ?? "");
    const method = entry.method ?? 8;
    const packed = method === 8 ? deflateRawSync(data) : data;
    const name = Buffer.from(entry.name);
    const sizes = [entry.crc ?? crc32(data), entry.packedBytes ?? packed.length, entry.bytes ?? data.length];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(entry.flags ?? 0x800, 6);
    local.writeUInt16LE(method, 8);
    for (const [index, size] of sizes.entries()) local.writeUInt32LE(size >>> 0, 14 + index * 4);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(20, 4);
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(entry.flags ?? 0x800, 8);
    central.writeUInt16LE(method, 10);
    for (const [index, size] of sizes.entries()) central.writeUInt32LE(size >>> 0, 16 + index * 4);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(entry.offset ?? at, 42);
    parts.push(local, name, packed);
    list.push(central, name);
    at += local.length + name.length + packed.length;
  }
  const listBytes = Buffer.concat(list);
  const comment = Buffer.from(options.comment ?? "");
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE((options.count ?? entries.length) & 0xffff, 8);
  end.writeUInt16LE((options.count ?? entries.length) & 0xffff, 10);
  end.writeUInt32LE(listBytes.length, 12);
  end.writeUInt32LE(options.listOffset ?? at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, listBytes, end, comment]);
}

export const page: ZipEntry = { name: "001.jpg", data: "a picture", method: 0 };

export function comicInfo(inner: string): string {
  return `<?xml version="1.0"?><ComicInfo>${inner}</ComicInfo>`;
}

/** A block of tar, and behind it the data. */
export function tarEntry(name: string, data: string | Buffer, type = "0", size?: number): Buffer {
  const bytes = Buffer.from(data);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "utf8");
  header.write("0000644\0", 100, "latin1");
  header.write(`${(size ?? bytes.length).toString(8).padStart(11, "0")}\0`, 124, "latin1");
  header.write("        ", 148, "latin1");
  header.write(type, 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A record of a pax header, whose length counts itself. */
export function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

export const tarEnd = Buffer.alloc(1024);
