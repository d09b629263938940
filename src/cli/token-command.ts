import { PlimsollError } from "../kernel/index.js";
import { addToken, readTokens, removeToken, type Scope } from "../server/index.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";

/** Makes, lists and removes the tokens of a server. */
export async function runTokenCommand(host: CommandHost): Promise<number> {
  const { values, out } = host;
  const [verb, ...more] = host.args;
  const file = values.text("tokens");
  if (file === null) throw wrongUsage("--tokens FILE is missing");
  if (more.length > 0) throw wrongUsage(`${more[0]} is one word too many`);
  const name = values.text("name");
  if (verb === "add") {
    const scope = values.text("scope") as Scope | null;
    if (scope === null) throw wrongUsage("--scope read, write or admin is missing");
    await out.write(`${addToken(file, { name, scope })}\n`);
    host.note("It is shown this once: what is kept is its hash.\n");
  } else if (verb === "list") {
    for (const token of readTokens(file)) {
      await out.write(`${token.name}\t${token.scope}\t${token.createdAt}\n`);
    }
  } else if (verb === "remove") {
    if (name === null) throw wrongUsage("--name NAME is missing");
    removeToken(file, name);
  } else throw wrongUsage(verb === undefined ? "add, list or remove is missing" : `${verb} is no such thing`);
  return exitCodes.done;
}

function wrongUsage(what: string): PlimsollError {
  return new PlimsollError("USAGE", { what, command: "token" });
}
