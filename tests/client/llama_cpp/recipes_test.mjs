// llama.cpp loads what every recipe of `aurea quantize --help` makes, without a complaint, and gives each token of a text the
// probability that Aurea gives it.
//
// A matrix in blocks is multiplied with inputs that are rounded to 8 bits: by llama.cpp with one scale for 256 of them for most types,
// by Aurea in its own way. That is an error of about half a per cent of each input, another one for each token, so that the
// log-probabilities differ by something random, whose size depends on the model and little on the type of the weights. The mean of the
// differences, which is the logarithm of the perplexities' ratio, is that of as many independent numbers.
import { readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { compareLogProbabilities } from "./log_probabilities.mjs";
import { aurea, check, commandLine, demoModel, finish, loadLlamaCpp, modelFolder, program, projectFolder } from "./support.mjs";

const kTokens = 1000;
const kWindow = 500;
// Root mean square, in nats: 1.3e-2 (Q8_0) to 3.4e-2 (IQ1_S) when this was written; 4e-3 and less for BF16, F16 and F32, which have
// no blocks. A scale 10 % off in a single one of the 25 matrices makes it 4e-2 to 1e-1, codes in another order 4e-1.
const kNoise = 5e-2;
const kFloatNoise = 1e-2;
const kFloats = ["F32", "F16", "BF16", "COPY"];
// What llama.cpp v0.5.0 says of good files. It guesses a file's recipe from its tensors, and has none for dense MXFP4.
const expectedComplaints = { MXFP4: ["llama_model_loader: unknown type mxfp4"] };

const { llama, lines, loadModel } = await loadLlamaCpp();
const text = readFileSync(join(projectFolder, "models", "eval.txt"), "utf8");
const path = join(modelFolder, `recipes-${process.pid}.gguf`);
const imatrix = join(modelFolder, `recipes-imatrix-${process.pid}.gguf`);
aurea(["imatrix", demoModel, "--text", join(projectFolder, "models", "calibration.txt"), "-o", imatrix, "--chunks", "4"]);

const complaintsOf = (lines) => lines.filter(({ level, text }) => ["warn", "error", "fatal"].includes(level) && !text.includes("'</s>' was not control-type"))
  .map(({ text }) => text);

/// Names of the help's table, and whether they need importance.
function recipes() {
  const help = spawnSync(program, ["quantize", "--help"]).stdout.toString();
  const table = help.slice(help.indexOf("\nTypes, with their bits per weight"), help.indexOf("\nExamples:"));
  return [...table.matchAll(/^  ([A-Z]\w+) +(\*?)/gm)].map(([, type, mark]) => ({ type, needsImportance: mark === "*" }));
}

for (const { type, needsImportance } of recipes()) {
  const args = ["quantize", demoModel, "-o", path, "--force", "--type", type, ...(needsImportance ? ["--imatrix", imatrix] : [])];
  aurea(args);
  const model = await loadModel(path);
  const complaints = complaintsOf(lines), expected = expectedComplaints[type] ?? [];
  check(String(complaints) === String(expected), `${type}: llama.cpp complains, or no longer does`, ...complaints, commandLine(args));
  const { count, rms, mean, perplexity, command } = await compareLogProbabilities(model, path, text, { tokens: kTokens, window: kWindow });
  await model.dispose();
  console.log(`${type.padEnd(9)} perplexity ${perplexity.toFixed(3)}, in llama.cpp ${(100 * Math.expm1(mean)).toFixed(3)} % more; ` +
    `log-probabilities differ by ${rms.toExponential(1)}`);
  const noise = kFloats.includes(type) ? kFloatNoise : kNoise;
  check(rms <= noise, `${type}: tokens have other probabilities`, commandLine(args), command);
  check(Math.abs(mean) <= 3 * noise / Math.sqrt(count), `${type}: another perplexity`, commandLine(args), command);
}
rmSync(path);
rmSync(imatrix);
await llama.dispose();
finish();
