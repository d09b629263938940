export { hasCommand } from "./bytes/child-bytes.js";
export { splitRow } from "./csv-row.js";
export { formatOfName } from "./detect.js";
export { type ResolveOptions, resolveSources } from "./resolve-sources.js";
export { rowAttributes } from "./xml-row.js";
