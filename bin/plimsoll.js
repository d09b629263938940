#!/usr/bin/env node
import { keepYoungGenerationsSmall } from "../dist/kernel/garbage.js";

keepYoungGenerationsSmall();
const { main } = await import("../dist/bundle/cli.js");

// Set, not called: what is still on its way to stdout gets there.
process.exitCode = await main(process.argv.slice(2));
