export { ArchiveFile } from "./archive-file.js";
export { listArchive } from "./list-archive.js";
export { type ArchiveListing, coverOf } from "./listing.js";
export { ReadingRoom } from "./reading-room.js";
