import type { Gunzip, Gzip } from "node:zlib";

/** What went wrong in the compressed stream itself, after so many bytes of it. */
export class ZlibFault extends Error {
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(reason);
    this.offset = offset;
  }
}

/**
 * What zlib makes of chunks, in chunks. A chunk is handed over when zlib is done with the one before, so at
 * no time is there more than one of theirs and a few of zlib's own; with `isAhead` the next one is asked for
 * meanwhile. Closing it early closes the chunks. The signal is looked at between two chunks: what waits long
 * is where they come from, and has the signal too.
 */
export async function* throughZlib(
  zlib: Gunzip | Gzip,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  { isAhead = false } = {},
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  // The reader of the stream hears of errors while it reads; one that comes between two readings kills
  // nobody.
  zlib.on("error", () => {});
  const feeding = feed(zlib, chunks, isAhead);
  try {
    for await (const piece of zlib) {
      signal.throwIfAborted();
      yield piece as Uint8Array;
    }
    const bytesRead = await feeding;
    if (bytesRead !== zlib.bytesWritten) throw new ZlibFault("bytes behind its end", zlib.bytesWritten);
  } catch (error) {
    throw isZlibError(error) ? new ZlibFault(error.message, zlib.bytesWritten) : error;
  } finally {
    zlib.destroy();
    await feeding;
  }
}

/**
 * Never fails: what fails destroys the stream, and whoever reads that is told. Says how many bytes there
 * were.
 */
async function feed(
  zlib: Gunzip | Gzip,
  chunks: AsyncIterable<Uint8Array>,
  isAhead: boolean,
): Promise<number> {
  let bytes = 0;
  let writing = Promise.resolve(true);
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (!(await writing)) return bytes;
      writing = isWritten(zlib, chunk);
      if (!isAhead && !(await writing)) return bytes;
    }
    if (await writing) zlib.end();
  } catch (error) {
    zlib.destroy(error as Error);
  }
  return bytes;
}

/**
 * False once the stream is closed, which forgets the chunk in its hands: then nothing more needs to be asked
 * for.
 */
function isWritten(zlib: Gunzip | Gzip, chunk: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (zlib.destroyed) return resolve(false);
    const onClose = () => resolve(false);
    zlib.once("close", onClose);
    zlib.write(chunk, (error) => {
      zlib.off("close", onClose);
      resolve(!error && !zlib.destroyed);
    });
  });
}

function isZlibError(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === "string" && code.startsWith("Z_");
}
