export { ByteBudget, type ByteBudgetOptions, type ByteLease } from "./byte-budget.js";
