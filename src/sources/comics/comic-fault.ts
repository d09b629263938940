import type { ComicFaultCode } from "../../ports/index.js";

/** Why a comic is turned down: thrown while one archive is read, and caught there. */
export class ComicFault extends Error {
  override readonly name = "ComicFault";
  readonly code: ComicFaultCode;

  constructor(code: ComicFaultCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

export function comicFault(code: ComicFaultCode, reason: string): ComicFault {
  return new ComicFault(code, reason);
}
