// Makes the JavaScript build of the Solidity compiler answer like the native one, as far as
// scripts/compile_contracts.py needs: `--version` and `--standard-json` (input on stdin, output on stdout).
// The first argument is the folder that holds node_modules. Paths that callers allow are not needed: the input
// holds all sources.
"use strict";

const fs = require("fs");
const path = require("path");

const [modules, ...options] = process.argv.slice(2);
const solc = require(path.join(modules, "node_modules", "solc"));

if (options.includes("--version")) {
  // Parsers of this text expect the name of a native build at its end.
  const version = solc.version().replace(/\.Emscripten\.clang$/, ".Linux.g++");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  process.stderr.write(`standard_compiler.js: unknown options ${options.join(" ")}\n`);
  process.exitCode = 64;
}
