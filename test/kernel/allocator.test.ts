import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

const MiB = 2 ** 20;

/**
 * A block of 8 MiB is freed, as LMDB frees its list of dirty pages; then blocks of 1 MiB come and go. Prints
 * what the allocator counts as mapped for one of them, and what it keeps when all are freed.
 */
const script = (doorUrl: string, isBounded: boolean) => `
const { boundAllocator } = await import(${JSON.stringify(doorUrl)});
const { createRequire } = await import("node:module");
const koffi = createRequire(${JSON.stringify(import.meta.url)})("koffi");
const libc = koffi.load(null);
const info = koffi.struct("info", Object.fromEntries(
  ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]
    .map((name) => [name, "size_t"])));
const mallinfo = libc.func("mallinfo2", info, []);
const malloc = libc.func("void *malloc(size_t size)");
const free = libc.func("void free(void *block)");
const isBounded = ${isBounded} ? boundAllocator() : null;
free(malloc(${8 * MiB}));
const before = mallinfo();
const blocks = [1, 2, 3, 4].map(() => malloc(${MiB}));
const mapped = mallinfo().hblkhd - before.hblkhd;
for (const block of blocks) free(block);
console.log(JSON.stringify({ isBounded, mapped, kept: mallinfo().arena - before.arena }));
`;

function outcome(isBounded: boolean): { isBounded: boolean | null; mapped: number; kept: number } {
  const doorUrl = pathToFileURL("dist/kernel/allocator.js").href;
  const args = ["--input-type=module", "--eval", script(doorUrl, isBounded)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

/** Why this cannot be tested here; null when it can. */
function obstacle(): string | null {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: Record<string, unknown> }).header;
  if (glibcVersionRuntime === undefined) return "the C library is not glibc";
  try {
    createRequire(import.meta.url).resolve("koffi");
    return null;
  } catch {
    return "koffi is not installed";
  }
}

const reason = obstacle();

describe.skipIf(reason !== null)(`the allocator${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  it("keeps what it is told to, whatever was freed before", () => {
    const { isBounded, mapped, kept } = outcome(true);
    expect(isBounded).toBe(true);
    expect(mapped).toBeGreaterThanOrEqual(4 * MiB);
    expect(kept).toBeLessThanOrEqual(0);
  });

  it("would keep more if it were left to itself", () => {
    const { mapped, kept } = outcome(false);
    expect(mapped).toBe(0);
    expect(kept).toBeGreaterThan(0);
  });
});
