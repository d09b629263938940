#!/usr/bin/env node
"use strict";

// CommonJS, for it begins sooner: Node.js need not load its loader of ECMAScript modules first.
require("../dist/bundle/garbage.cjs").keepYoungGenerationsSmall();
const { main } = require("../dist/bundle/cli.cjs");

// Who waits for something that never comes has not done what was asked: Node.js says it by this number.
process.exitCode = 13;
main(process.argv.slice(2)).then((exitCode) => {
  // Set, not called: what is still on its way to stdout gets there.
  process.exitCode = exitCode;
});
