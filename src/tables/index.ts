export * from "./column-faults.js";
export * from "./kernel-mapping.js";
export * from "./names.js";
export { planTables } from "./plan-tables.js";
export * from "./row-page.js";
export * from "./row-program.js";
export { type PageGroup, RowWriter } from "./row-writer.js";
export * from "./table-plan.js";
export * from "./table-width.js";
