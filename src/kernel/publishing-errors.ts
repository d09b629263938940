import { snapshotErrors } from "./snapshot-errors.js";
import { storageErrors } from "./storage-errors.js";

/** Conditions of all that publishes databases and takes them in. */
export const publishingErrors = {
  ...snapshotErrors,
  ...storageErrors,
} as const;
