import { isPlimsollError, PlimsollError } from "../kernel/index.js";

/** What a failed system call on the folder of runs means to the user; other errors stay as they are. */
export function asDiskCondition(error: unknown, folder: string): unknown {
  if (isPlimsollError(error) || !(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new PlimsollError("STORE_FULL", { store: folder }, { cause: error });
}
