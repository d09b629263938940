export { type CommandName, type CommandRow, commandTable } from "./command-table.js";
export { divisionSettings, memorySource } from "./memory-settings.js";
export { mustBe, mustBeInFile, parseFileValue, parseOption } from "./option-parse.js";
export { type OptionRow, type OptionValue, optionFlags, rowKey } from "./option-row.js";
export { configNames, formatNames, optionsOf, optionTable, progressModes } from "./option-table.js";
export { type OptionOrigin, OptionValues } from "./option-values.js";
