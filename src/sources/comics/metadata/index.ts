export type { ComicMetadata, Identifier, MetadataForm, Reprint } from "./comic-metadata.js";
export { metadataForms } from "./comic-metadata.js";
export { readFileName } from "./file-name.js";
export { type MetadataByForm, mergeMetadata } from "./merge.js";
export { formFault, formOfEntry, readForm } from "./read-metadata.js";
export { compact } from "./values.js";
