export { parseS3Address, type S3Address } from "./address.js";
export { S3Bucket, type S3BucketOptions } from "./bucket.js";
export type { ListedObject, ListedUpload } from "./list-objects.js";
export { S3ObjectFault, type S3ReadOptions } from "./read-object.js";
export type { S3Credentials, S3Settings } from "./settings.js";
export { S3TooLarge, type S3WriteOptions, type WritingWay } from "./write-object.js";
