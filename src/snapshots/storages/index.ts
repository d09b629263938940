export { FileStorage, type FileStorageOptions } from "./file-storage.js";
export { MemoryStorage } from "./memory-storage.js";
export { objectNameFault } from "./object-name.js";
export { openStorage, type StorageSettings } from "./open-storage.js";
