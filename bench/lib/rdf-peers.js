// Programs that load RDF, as far as they are here.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./project.js";

export function rdfPeers() {
  return [n3(), oxigraph()];
}

function n3() {
  const script = join(root, "bench", "children", "n3-parse.js");
  return {
    title: "N3.js, parsing alone",
    make: ({ path }) => ({ command: process.execPath, args: [script, path] }),
  };
}

/** The command-line program, or the same loader through its Python package. */
function oxigraph() {
  const title = "Oxigraph, bulk loader, its own memory";
  const program = process.env.OXIGRAPH ?? "oxigraph";
  if (spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0) {
    const make = ({ path }, folder) => ({
      command: program,
      args: ["load", "--location", folder, "--file", path],
    });
    return { title, make };
  }
  if (spawnSync("python3", ["-c", "import pyoxigraph"], { stdio: "ignore" }).status === 0) {
    const script =
      "import pyoxigraph, sys\nstore = pyoxigraph.Store(sys.argv[1])\n" +
      "store.bulk_load(path=sys.argv[2], format=pyoxigraph.RdfFormat.N_QUADS)\nstore.flush()\n";
    return {
      title,
      make: ({ path }, folder) => ({ command: "python3", args: ["-c", script, folder, path] }),
    };
  }
  return {
    title,
    skipped: "neither the program oxigraph (or OXIGRAPH) nor the Python package pyoxigraph is here",
  };
}
