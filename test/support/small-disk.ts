import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** A disk of a size that a test fills, where a folder is. */
export class SmallDisk {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Why none can be made here; null when one can. */
  missing(): string | null {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
      return "mounting a small disk takes root on Linux";
    try {
      mkdirSync(this.#path);
      this.mount("1m");
      this.unmount();
      return null;
    } catch {
      return "this machine lets nobody mount";
    }
  }

  mount(size: string): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", this.#path], { stdio: "pipe" });
  }

  unmount(): void {
    execFileSync("umount", [this.#path], { stdio: "pipe" });
  }

  enlarge(): void {
    execFileSync("mount", ["-o", "remount,size=100m", this.#path], { stdio: "pipe" });
  }
}
