// Installs the locked npm packages into the build tree.
// Only the CPU binaries come, as a dependency of our own: the packages for other platforms and for GPUs (hundreds of MB) are
// optional dependencies of node-llama-cpp, which are left out. package-lock.json names them all the same: npm ci asks for it.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages } from "../support/npm.mjs";
import { nodeIsTooOld, packageFolder } from "./support.mjs";

// Debian 12's Node.js is too old for node-llama-cpp; then one comes from npm as well (a development dependency).
installPackages(dirname(fileURLToPath(import.meta.url)), packageFolder,
  ["--omit=optional", nodeIsTooOld ? "--include=dev" : "--omit=dev"]);
console.log(`up to date: ${packageFolder}`);
