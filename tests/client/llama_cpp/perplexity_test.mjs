// The perplexity that llama.cpp measures on Aurea's files is the one that Aurea measures itself.
// 2,000 tokens of models/eval.txt in windows of 500, each in an empty context without BOS (the vocabulary's add_bos_token is
// false); all tokens but the first of a window count.
// One position is taken whole and summed here, to prove that the short form of a log-probability is right.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { llamaLogProbabilities, logProbability } from "./log_probabilities.mjs";
import { aurea, check, commandLine, createContext, finish, loadLlamaCpp, modelPath, projectFolder } from "./support.mjs";

const kWindow = 500;
const kWindows = 4;
// Largest relative difference of the perplexities. In float32 only the order of the sums differs (2e-6 when this was written); below,
// both round the activations to a type that fits the weights, not the same way everywhere (2e-5 and 9e-4). Storing this model as
// Q4_K_M costs 9e-3.
const files = [
  { type: "F32", cache: "F32", tolerance: 2e-5 },
  { type: "F16", cache: "F16", tolerance: 1e-3 },
  { type: "Q4_K_M", cache: "F16", tolerance: 3e-3 },
];

const { llama, loadModel } = await loadLlamaCpp();

/// Sum of -log p over all tokens of a window but the first.
async function windowLoss(model, cache, ids) {
  return (await llamaLogProbabilities(model, cache, ids)).reduce((sum, value) => sum - value, 0);
}

/// The whole distribution after `ids`: nothing is filtered, and the short form above says the same.
async function checkRaw(model, cache, ids, token) {
  const context = await createContext(model, cache);
  const last = [ids.at(-1), { generateNext: { totalLogitWeight: true, logits: true } }];
  const { next } = (await context.getSequence().controlledEvaluate([...ids.slice(0, -1), last])).at(-1);
  await context.dispose();
  check(next.logits.size === vocabularySize, `llama.cpp gives ${next.logits.size} logits of ${vocabularySize}`);
  const values = [...next.logits.values()];
  const largest = Math.max(...values);
  const exact = next.logits.get(token) - largest - Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  const short = logProbability(next, token);
  check(Math.abs(exact - short) < 1e-5, `log-probability ${exact} from all logits, ${short} from totalLogitWeight`);
}

const { vocab_size: vocabularySize } = JSON.parse(readFileSync(join(projectFolder, "models", "phi3-docs-mini", "config.json"), "utf8"));
const text = readFileSync(join(projectFolder, "models", "eval.txt"), "utf8");

for (const { type, cache, tolerance } of files) {
  const path = modelPath(type);
  const model = await loadModel(path);
  check(!model.tokens.shouldPrependBosToken, "llama.cpp would put BOS in front: the windows need it too");
  const ids = model.tokenize(text).slice(0, kWindow * kWindows);
  let loss = 0;
  for (let begin = 0; begin < ids.length; begin += kWindow) loss += await windowLoss(model, cache, ids.slice(begin, begin + kWindow));
  await checkRaw(model, cache, ids.slice(0, 20), ids[20]);
  await model.dispose();

  const args = ["eval", path, "--tokens", ids.join(","), "--context", String(kWindow), "--cache-type", cache.toLowerCase()];
  const ours = aurea(args);
  const scored = kWindows * (kWindow - 1);
  const theirs = Math.exp(loss / scored);
  const difference = ours.perplexity / theirs - 1;
  console.log(`${type}: perplexity ${ours.perplexity.toFixed(4)} (aurea), ${theirs.toFixed(4)} (llama.cpp), ` +
    `difference ${(100 * difference).toFixed(4)} %`);
  check(ours.tokens === scored, `${type}: Aurea scored ${ours.tokens} tokens instead of ${scored}`, commandLine([...args, "--json"]));
  check(Math.abs(difference) <= tolerance, `${type}: perplexities more than ${100 * tolerance} % apart`, commandLine([...args, "--json"]));
}
await llama.dispose();
finish();
