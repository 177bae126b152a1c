// Installs the locked npm packages into the build tree, once: a stamp holds the hash of what was asked for.
// Only the CPU binaries come, as a dependency of our own: the packages for other platforms and for GPUs (hundreds of MB) are
// optional dependencies of node-llama-cpp, which .npmrc leaves out. package-lock.json names them all the same: npm ci asks for it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installed, kNodeMajor, packageFolder, skip } from "./support.mjs";

const source = dirname(fileURLToPath(import.meta.url));
const files = [".npmrc", "package.json", "package-lock.json"];
// Debian 12's Node.js is too old for node-llama-cpp; then one comes from npm as well (a development dependency).
const needsNode = Number(process.versions.node.split(".")[0]) < kNodeMajor;

const hash = createHash("sha256");
for (const file of files) hash.update(readFileSync(join(source, file)));
const stamp = `${hash.digest("hex")} ${needsNode ? "with" : "without"} node\n`;
if (installed() === stamp) {
  console.log(`up to date: ${packageFolder}`);
  process.exit(0);
}
if (process.env.AUREA_TESTS_OFFLINE) skip("AUREA_TESTS_OFFLINE is set and the npm packages are not there yet");

rmSync(packageFolder, { recursive: true, force: true });
mkdirSync(packageFolder, { recursive: true });
for (const file of files) copyFileSync(join(source, file), join(packageFolder, file));
const args = ["ci", "--ignore-scripts", "--omit=optional", "--loglevel=error", ...(needsNode ? ["--include=dev"] : ["--omit=dev"])];
const result = spawnSync("npm", args, { cwd: packageFolder, stdio: "inherit" });
if (result.status !== 0) {
  console.log(`FAIL npm ${args.join(" ")} in ${packageFolder}: ${result.error?.message ?? `exit code ${result.status}`}`);
  console.log("(to leave these tests out where there is no network: AUREA_TESTS_OFFLINE=1)");
  process.exit(1);
}
writeFileSync(join(packageFolder, "stamp"), stamp);
