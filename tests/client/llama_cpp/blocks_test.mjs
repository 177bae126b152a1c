// llama.cpp reads the same numbers out of the blocks of every type as Aurea does: the embedding in the type, everything else F32. Both
// programs look rows up by decoding them and compute in float32, so that only the order of the sums differs.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compareLogProbabilities } from "./log_probabilities.mjs";
import { aurea, check, commandLine, demoModel, finish, loadLlamaCpp, modelFolder, projectFolder } from "./support.mjs";

const kTokens = 200;
// Of a token's log-probability, root mean square, in nats. It was 3 to 5e-6 for every type when this was written; one code in each row
// of the Q8_0 embedding off by one makes it 7e-4.
const kFloatNoise = 2e-5;

const { llama, loadModel } = await loadLlamaCpp();
const text = readFileSync(join(projectFolder, "models", "eval.txt"), "utf8");
const path = join(modelFolder, `blocks-${process.pid}.gguf`);

const table = readFileSync(join(projectFolder, "src", "core", "quant_types.def"), "utf8");
for (const [, type] of table.matchAll(/^AUREA_QUANT_TYPE\(\w+, +"(\w+)"/gm)) {
  const args = ["quantize", demoModel, "-o", path, "--force", "--type", "F32", "--token-embedding-type", type];
  aurea(args);
  const model = await loadModel(path);
  const { rms, command } = await compareLogProbabilities(model, path, text, { tokens: kTokens, window: kTokens });
  await model.dispose();
  console.log(`${type.padEnd(8)} ${rms.toExponential(1)}`);
  check(rms <= kFloatNoise, `${type}: tokens have other probabilities`, commandLine(args), command);
}
rmSync(path);
await llama.dispose();
finish();
