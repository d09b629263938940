import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run the real program on real stores; on a slow and busy machine that takes its time. None of them is timed.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: 2,
    expect: { poll: { timeout: 60_000 } },
    // A file a core: most of them wait for disks and other processes. Left to itself one core stays without any.
    maxWorkers: availableParallelism(),
  },
});
