import { HeaderFault } from "./byte-reader.js";

/** Only what is used of it: its own types are sources, which our compiler would hold to our rules. */
interface LzmaLibrary {
  decompress(bytes: Uint8Array): Uint8Array;
}

const packageName: string = "lzma1";

/** Unpacks a whole `.lzma` file at once, which is for small ones: the headers of archives. */
export async function unpackLzma(bytes: Uint8Array): Promise<Uint8Array> {
  const { decompress } = (await import(packageName)) as LzmaLibrary;
  try {
    return decompress(bytes);
  } catch (error) {
    throw new HeaderFault(`its packed header is damaged (${String(error)})`);
  }
}
