declare module "unbzip2-stream/lib/bit_iterator.js" {
  export interface BitReader {
    /** The next bits as a number; null aligns to the next byte. */
    (bits: number | null): number;
    bytesRead: number;
  }
  export default function bitIterator(nextBuffer: () => Uint8Array): BitReader;
}

declare module "unbzip2-stream/lib/bzip2.js" {
  import type { BitReader } from "unbzip2-stream/lib/bit_iterator.js";

  const bzip2: {
    /** Reads a stream's header; the level, 1 to 9. */
    header(bits: BitReader): number;
    /** Decompresses a block; the checksum of the stream so far, or null after its end. */
    decompress(
      bits: BitReader,
      write: (byte: number) => void,
      table: Int32Array,
      tableLength: number,
      streamCrc: number,
    ): number | null;
  };
  export default bzip2;
}
