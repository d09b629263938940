// The same scenarios through Plimsoll itself: the real `governedBatches` and its real governor, on a modelled
// process.
import { BatchGovernor, governedBatches } from "../../dist/memory/index.js";
import { ModelGauge } from "./process-model.js";

const sizeOf = (row) => row.bytes;

export async function runGoverned(scenario, world) {
  const governor = new BatchGovernor({
    line: scenario.lineBytes,
    gauge: new ModelGauge(world.model),
    // What the model frees is not garbage: it is either returned or it stays.
    collect: async () => 0,
  });
  await Promise.all(
    scenario.importers.map(async (rows, number) => {
      for await (const batch of governedBatches(taken(rows, world), { governor, sizeOf })) {
        world.flush(number, batch.items);
      }
      world.end();
    }),
  );
}

/** Rows take their memory when they are read, not before; other importers have their turn in between. */
async function* taken(rows, world) {
  for (const row of rows) {
    world.take(row);
    yield row;
  }
}
