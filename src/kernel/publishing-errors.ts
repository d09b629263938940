import { replicaErrors } from "./replica-errors.js";
import { snapshotErrors } from "./snapshot-errors.js";
import { storageErrors } from "./storage-errors.js";
import { syncErrors } from "./sync-errors.js";

/** Conditions of all that publishes databases and takes them in. */
export const publishingErrors = {
  ...replicaErrors,
  ...snapshotErrors,
  ...storageErrors,
  ...syncErrors,
} as const;
