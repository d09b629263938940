/** The part of a Web stream that is used; any implementation of it will do. */
export interface WebStreamLike<T> {
  getReader(): {
    read(): Promise<{ done: boolean; value?: T | undefined }>;
    cancel(reason?: unknown): Promise<unknown>;
    releaseLock(): void;
  };
}

/** What batches are cut from. Node's streams are async iterables. */
export type BatchSource<T> = Iterable<T> | AsyncIterable<T> | WebStreamLike<T>;

export type Pulled<T> = { done: false; value: T } | { done: true };

/** One item after the other from any source; a promise only where the source has to be waited for. */
export interface Puller<T> {
  pull(): Pulled<T> | Promise<Pulled<T>>;
  /** Ends the source early; waits for it unless it was left in the middle of a read. */
  close(): Promise<void>;
}

/** A signal that aborts ends the read that is waiting, whatever the source does. */
export function pullerOf<T>(source: BatchSource<T>, signal?: AbortSignal): Puller<T> {
  if (isWebStream(source)) return streamPuller(source, signal);
  if (Symbol.asyncIterator in source) return asyncPuller(source, signal);
  const iterator = source[Symbol.iterator]();
  return {
    pull: () => pulledOf(iterator.next()),
    close: async () => void iterator.return?.(),
  };
}

function pulledOf<T>(result: IteratorResult<T, unknown>): Pulled<T> {
  return result.done ? { done: true } : { done: false, value: result.value };
}

function asyncPuller<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): Puller<T> {
  const iterator = source[Symbol.asyncIterator]();
  let state: "idle" | "reading" | "failed" = "idle";
  const read = async () => {
    state = "reading";
    try {
      const pulled = pulledOf(await iterator.next());
      state = "idle";
      return pulled;
    } catch (error) {
      state = "failed";
      throw error;
    }
  };
  return {
    pull: () => abortable(read(), signal),
    async close() {
      if (state === "failed") return;
      if (state === "idle") {
        await iterator.return?.();
        return;
      }
      // An async generator answers only after the read that may never end: nobody waits for it.
      iterator.return?.()?.then(ignore, ignore);
      if ("destroy" in source && typeof source.destroy === "function") source.destroy();
    },
  };
}

function streamPuller<T>(source: WebStreamLike<T>, signal: AbortSignal | undefined): Puller<T> {
  const reader = source.getReader();
  let open = true;
  const read = async (): Promise<Pulled<T>> => {
    try {
      const { done, value } = await reader.read();
      if (done) open = false;
      return done ? { done } : { done: false, value: value as T };
    } catch (error) {
      open = false;
      throw error;
    }
  };
  return {
    pull: () => abortable(read(), signal),
    async close() {
      const closed = open ? reader.cancel(signal?.reason) : undefined;
      reader.releaseLock();
      if (signal?.aborted) closed?.catch(ignore);
      else await closed;
    },
  };
}

/**
 * Settles as the promise does, or rejects when the signal aborts. The listener goes with the wait: a race
 * against one long promise would keep every item alive.
 */
function abortable<R>(promise: Promise<R>, signal: AbortSignal | undefined): Promise<R> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function isWebStream<T>(source: BatchSource<T>): source is WebStreamLike<T> {
  return "getReader" in source && typeof source.getReader === "function";
}

function ignore(): void {}
