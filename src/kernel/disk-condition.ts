import { statfsSync } from "node:fs";
import { PlimsollError } from "./errors.js";
import { MiB } from "./limits/index.js";

/**
 * What a failed system call in a folder that is written to means to the user; other errors stay as they are.
 */
export function asDiskCondition(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || error instanceof PlimsollError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(folder, error);
  return typeof code === "string" && syscall !== undefined ? diskUnwritable(folder, error) : error;
}

export function diskFull(folder: string, cause: unknown): PlimsollError {
  return new PlimsollError("STORE_FULL", { store: folder }, { cause });
}

export function diskUnwritable(folder: string, cause: unknown): PlimsollError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PlimsollError("STORE_UNWRITABLE", { store: folder, reason }, { cause });
}

/**
 * Whether next to nothing is free: a write that comes out short for want of room is not always told as such.
 */
export function isDiskFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < MiB;
  } catch {
    return false;
  }
}
