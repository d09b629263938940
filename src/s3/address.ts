/** An object, or a place for objects, in a bucket. */
export interface S3Address {
  bucket: string;
  /** Empty for the bucket itself. */
  key: string;
}

/**
 * Reads `s3://BUCKET/KEY`; null where the text is none. Keys are taken as they stand, without any decoding.
 */
export function parseS3Address(text: string): S3Address | null {
  const match = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,253}[a-z0-9])(?:\/(.*))?$/is.exec(text);
  return match === null ? null : { bucket: match[1]!, key: match[2] ?? "" };
}
