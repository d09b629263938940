export { ByteBudget, type ByteBudgetOptions, type ByteLease } from "./byte-budget.js";
export {
  type CleaningRules,
  type CleaningState,
  isRemovable,
  type JudgedSnapshot,
} from "./cleaning-policy.js";
export { type CleanerOptions, type CleaningReport, SnapshotCleaner } from "./snapshot-cleaner.js";
