export * from "./names.js";
export * from "./plan-tables.js";
export * from "./row-page.js";
export * from "./table-plan.js";
