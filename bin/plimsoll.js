#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";

// The young generation stays small: left to itself it grows to 48 MB of garbage, which counts against the line.
setFlagsFromString("--semi-space-growth-factor=1");
const { main } = await import("../dist/cli/main.js");

// Set, not called: what is still on its way to stdout gets there.
process.exitCode = await main(process.argv.slice(2));
