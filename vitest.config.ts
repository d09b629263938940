import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const pure = ["kernel", "kernels", "mapping", "model", "postings", "presets", "query", "tables"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

// Tests run the real program on real stores; on a slow and busy machine that takes its time. None of them is timed.
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: 2,
    expect: { poll: { timeout: 60_000 } },
    // One file more than there are cores: most of them wait for disks and other processes.
    maxWorkers: availableParallelism() + 1,
    projects: [
      { extends: true, test: { name: "whole", include: ["test/**/*.test.ts"], exclude: pure } },
      // These only compute: files of one process share what is loaded, which else takes a third of their time.
      { extends: true, test: { name: "pure", include: pure, isolate: false } },
    ],
  },
});
