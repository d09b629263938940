import { once } from "node:events";
import { devNull } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { boundAllocator, PlimsollError, portDefault } from "../kernel/index.js";
import { resolveLine } from "../memory/index.js";
import { storePath } from "../preparation/index.js";
import { startServer } from "../server/index.js";
import { memorySource } from "../settings/index.js";
import { exitCodes } from "./exit-codes.js";
import { failureOf } from "./failure.js";
import type { CommandHost } from "./host.js";
import { servedSnapshots } from "./served-snapshots.js";
import { readVersion } from "./version.js";

/** Serves a store until a signal ends it. */
export async function runServeCommand(host: CommandHost): Promise<number> {
  boundAllocator();
  // A promise that nobody looked at is one request's trouble, and no reason to end those of others.
  const onLost = (reason: unknown) => host.note(failureOf(reason).text);
  process.on("unhandledRejection", onLost);
  try {
    return await serve(host);
  } finally {
    process.off("unhandledRejection", onLost);
  }
}

/** A sync needs no store: then it is at a place where there can never be one. */
function servedStore({ args: [store], values }: CommandHost): string {
  if (store !== undefined) return storePath(store, "serve");
  if (values.text("sync") !== null && values.text("replica-of") === null) return join(devNull, "store");
  throw new PlimsollError("USAGE", { what: "no store is named", command: "serve" });
}

async function serve(host: CommandHost): Promise<number> {
  const { values, signal } = host;
  const port = values.number("port") ?? portDefault;
  if (port > 65_535) {
    throw new PlimsollError("USAGE", { what: "--port must be at most 65535", command: "serve" });
  }
  const line = resolveLine(values.text("memory") ?? "auto", { requestSource: memorySource(values) });
  if (line.cut !== null) host.note(`${line.cut}: the smaller one is the line.\n`);
  const server = await startServer({
    storePath: servedStore(host),
    host: values.text("host") ?? "127.0.0.1",
    port,
    values,
    line,
    tokensFile: values.text("tokens"),
    snapshots: await servedSnapshots(host, line),
    pageDir: fileURLToPath(new URL("../page", import.meta.url)),
    version: readVersion(),
    note: host.note,
  });
  await host.out.write(`listening on ${server.address}\n`);
  await host.out.flush();
  if (!signal.aborted) await once(signal, "abort");
  host.note("Stopping: an import stops at a checkpoint. Interrupt once more to stop at once.\n");
  if (!(await server.close())) return exitCodes.done;
  host.note("An import was interrupted. Start the server again and send the same file: it goes on there.\n");
  return exitCodes.interrupted;
}
