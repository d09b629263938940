import type { ImportRun } from "./import-run.js";
import type { WorkerHandle } from "./worker-protocol.js";

export type Task = (worker: WorkerHandle) => Promise<void>;

/**
 * Every worker takes the next task when it has done one. After a failure no task is begun, and those under
 * way end first: nothing may touch the target when the import is being closed.
 */
export async function runTasks(run: ImportRun, tasks: Task[]): Promise<void> {
  const queue = [...tasks];
  const work = async (worker: WorkerHandle): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      run.signal.throwIfAborted();
      await task(worker);
    }
  };
  const works = run.workers.map(async (worker) => {
    try {
      await work(worker);
    } catch (error) {
      queue.length = 0;
      throw error;
    }
  });
  const failed = (await Promise.allSettled(works)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
