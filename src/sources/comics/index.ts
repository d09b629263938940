export { comicEntities } from "./comic-records.js";
export { ComicSource, type ComicSourceOptions } from "./comic-source.js";
