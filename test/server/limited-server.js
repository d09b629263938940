// A server whose bounds are those of a test: node limited-server.js STORE '{"bodyIdleMsMax":500}'.
import { resolveLine } from "../../dist/memory/index.js";
import { startServer } from "../../dist/server/index.js";
import { OptionValues } from "../../dist/settings/index.js";

const [storePath, limits] = process.argv.slice(2);
const server = await startServer({
  storePath,
  host: "127.0.0.1",
  port: 0,
  values: new OptionValues(new Map([["sync-bytes", 64 * 1024]]), new Map([["sync-bytes", { kind: "flag", text: "" }]])),
  line: resolveLine("256MiB", {}),
  tokensFile: null,
  pageDir: "",
  version: "0",
  note: (text) => process.stderr.write(text),
  limits: JSON.parse(limits),
});
process.stdout.write(`listening on ${server.address}\n`);
process.once("SIGTERM", async () => {
  process.exitCode = (await server.close()) ? 130 : 0;
});
