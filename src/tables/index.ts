export * from "./kernel-mapping.js";
export * from "./names.js";
export * from "./plan-tables.js";
export * from "./row-page.js";
export { type PageGroup, RowWriter } from "./row-writer.js";
export * from "./table-plan.js";
