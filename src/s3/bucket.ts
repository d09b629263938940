import { S3Client, type S3ClientOptions } from "./client.js";
import { S3Failure } from "./failure.js";
import { type ListedObject, type ListedUpload, listObjects, listUploads } from "./list-objects.js";
import { probeConditions, probePrefix } from "./probe.js";
import { readObject, type S3ReadOptions } from "./read-object.js";
import { type S3WriteOptions, type WritingWay, writeObject } from "./write-object.js";

export interface S3BucketOptions extends S3ClientOptions {
  /** Keys of one page of a list. */
  pageKeys?: number;
}

/**
 * Objects of a bucket by their keys. Failures are S3Failure and S3ObjectFault; `condition` is what people
 * see.
 */
export class S3Bucket implements Disposable {
  readonly #client: S3Client;
  readonly #options: S3BucketOptions;

  constructor(bucket: string, options: S3BucketOptions = {}) {
    this.#client = new S3Client(bucket, options);
    this.#options = options;
  }

  /** For messages: `s3://BUCKET`. */
  get name(): string {
    return this.#client.place.name;
  }

  get nowMs(): number {
    return this.#client.clock.nowMs();
  }

  get wallMs(): number {
    return this.#client.clock.wallMs();
  }

  list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject> {
    return listObjects(this.#client, prefix, signal, this.#options.pageKeys);
  }

  /** Another one when the object was written anew; null where nothing has the key. */
  async tag(key: string, signal: AbortSignal): Promise<string | null> {
    try {
      const { answer } = await this.#client.ask({ method: "HEAD", key }, signal);
      return answer.headers.etag ?? null;
    } catch (error) {
      if (error instanceof S3Failure && error.status === 404) return null;
      throw error;
    }
  }

  read(key: string, options: S3ReadOptions): AsyncGenerator<Buffer> {
    return readObject(this.#client, key, options);
  }

  write(key: string, chunks: AsyncIterable<Uint8Array>, options: S3WriteOptions): Promise<number> {
    return writeObject(this.#client, key, chunks, options);
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.ask({ method: "DELETE", key }, signal);
    } catch (error) {
      if (!(error instanceof S3Failure) || error.code !== "NoSuchKey") throw error;
    }
  }

  /** Whether writes that are to be new are refused where they are not. */
  probe(prefix: string, way: WritingWay, signal: AbortSignal): Promise<boolean> {
    return probeConditions(this.#client, prefix, way, signal);
  }

  /** What is left of probes that were killed. */
  probes(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject> {
    return this.list(`${prefix}${probePrefix}`, signal);
  }

  uploads(prefix: string, signal: AbortSignal): AsyncGenerator<ListedUpload> {
    return listUploads(this.#client, prefix, signal);
  }

  async abortUpload({ key, uploadId }: ListedUpload, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.ask({ method: "DELETE", key, query: { uploadId } }, signal);
    } catch (error) {
      if (!(error instanceof S3Failure) || error.status !== 404) throw error;
    }
  }

  condition(error: unknown): unknown {
    return this.#client.condition(error);
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
