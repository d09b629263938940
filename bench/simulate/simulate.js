// Runs every scenario through both algorithms.
import { runGoverned } from "./governed.js";
import { runPublished } from "./published.js";
import { randomScenarios, scenarios } from "./scenarios.js";
import { World } from "./world.js";

const runs = { published: runPublished, plimsoll: runGoverned };

export async function simulate() {
  const results = [];
  for (const algorithm of Object.keys(runs)) {
    for (const scenario of scenarios()) {
      const world = new World(scenario);
      await runs[algorithm](scenario, world);
      results.push({ scenario: scenario.name, algorithm, ...world.verdict(), history: world.batches });
    }
  }
  return results;
}

/** Random scenarios through Plimsoll alone: those in which the line was crossed. */
export async function simulateRandom(count) {
  const crossed = [];
  for (const scenario of randomScenarios(count)) {
    const world = new World(scenario);
    await runGoverned(scenario, world);
    const verdict = world.verdict();
    if (verdict.crossings > 0) crossed.push({ scenario: scenario.name, ...verdict });
  }
  return crossed;
}
