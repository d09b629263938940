import { verifyPassesMax } from "../kernel/index.js";
import type { Verification } from "./verification.js";

/** How often the places of faults may still be looked for: a store that is broken all over has too many. */
export class PassBudget {
  #left = verifyPassesMax;

  /** Whether one more pass may be made. */
  take(run: Verification): boolean {
    if (this.#left === 0 || run.hasEnough) return false;
    this.#left--;
    return true;
  }

  /** Says that there are differences whose places were not looked for. */
  tellRest(run: Verification, name: string, ranges: number): void {
    if (ranges === 0) return;
    const what = ranges === 1 ? "one more range" : `${ranges} more ranges`;
    run.fault("posting", `${name} differs from the records in ${what} of ids, which were not looked into.`);
  }
}
