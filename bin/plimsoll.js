#!/usr/bin/env node
import { main } from "../dist/cli/main.js";

// Set, not called: what is still on its way to stdout gets there.
process.exitCode = await main(process.argv.slice(2));
