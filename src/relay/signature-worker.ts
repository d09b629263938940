import { parentPort } from "node:worker_threads";
import { assert, keepYoungGenerationsSmall } from "../kernel/index.js";
import { loadSchnorr } from "../presets/index.js";

/** The thread's main program: batches of ids, keys and signatures, answered by a flag for each. */
assert(parentPort !== null, "signature-worker.js runs in a worker thread");
keepYoungGenerationsSmall();
const port = parentPort;
const schnorr = loadSchnorr();
const [idBytes, keyEnd, signedBytes] = [32, 64, 128];

port.on("message", (batch: Uint8Array<ArrayBuffer>) => {
  const flags = new Uint8Array(batch.length / signedBytes);
  for (let at = 0; at < flags.length; at++) {
    const signed = batch.subarray(at * signedBytes, (at + 1) * signedBytes);
    const key = signed.subarray(idBytes, keyEnd);
    // The library takes a key that is no point of the curve for a mistake of the caller.
    const isSigned =
      schnorr.isKey(key) && schnorr.isSigned(signed.subarray(0, idBytes), key, signed.subarray(keyEnd));
    flags[at] = isSigned ? 1 : 0;
  }
  port.postMessage(flags, [flags.buffer]);
});
