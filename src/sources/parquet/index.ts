export { openParquet } from "./parquet-source.js";
