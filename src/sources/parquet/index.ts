export { isParquet, unsupportedParquet } from "./parquet-file.js";
export { openParquet } from "./parquet-source.js";
