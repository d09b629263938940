import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FileMetaData, parquetMetadata } from "hyparquet";
import { ByteWriter, parquetWriteBuffer } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import type { MadeSource, SourceSubject, SuiteRecord } from "../../conformance/source.js";
import { resolveSources } from "../../src/sources/index.js";

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];

export function parquetBytes(options: WriteOptions): Buffer {
  return Buffer.from(parquetWriteBuffer(options));
}

/** The same file with another footer: what other writers say, and this one never would. */
export function withMetadata(file: Buffer, edit: (metadata: FileMetaData) => void): Buffer {
  const footerBytes = file.readUInt32LE(file.length - 8);
  const footer = file.subarray(file.length - 8 - footerBytes);
  const metadata = parquetMetadata(new Uint8Array(footer).buffer);
  edit(metadata);
  const writer = new ByteWriter();
  writer.appendBytes(file.subarray(0, file.length - footer.length));
  writeMetadata(writer, metadata);
  writer.appendUint32(0x31524150);
  return Buffer.from(writer.getBytes());
}

/** Files of Parquet for the suite of sources, of several row groups with several pages each. */
export function parquetSubject(folder: string): SourceSubject {
  const path = join(folder, "suite.parquet");
  const storedOf = (records: readonly SuiteRecord[]) => {
    const names = Object.keys(records[0] ?? { id: "" });
    const columnData = names.map((name) => ({
      name,
      type: "STRING" as const,
      data: records.map((record) => record[name]!),
    }));
    return parquetBytes({ columnData, rowGroupSize: 50, pageSize: 512 });
  };
  const make = async (records: readonly SuiteRecord[]): Promise<MadeSource> => {
    writeFileSync(path, storedOf(records));
    const [source] = await resolveSources([path], { cwd: folder });
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    return { source: source!, content: Buffer.from(lines.join("")) };
  };
  return { name: "parquet file", make, storedBytes: async (records) => storedOf(records).length };
}
