export { FileStorage, type FileStorageOptions } from "./file-storage.js";
export { MemoryStorage } from "./memory-storage.js";
export { objectNameFault } from "./object-name.js";
export { openStorage, type StorageSettings } from "./open-storage.js";
export { S3Storage, type S3StorageOptions } from "./s3-storage.js";
