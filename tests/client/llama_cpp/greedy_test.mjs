// In float32, key/value cache included, Aurea and llama.cpp write the same 64 tokens at temperature 0.
// The two sum in different orders, so a tie could end either way: the smallest lead of a first choice over the second is printed,
// and has to be far above rounding for the comparison to mean something on every machine.
import { aurea, check, commandLine, createContext, finish, firstDifference, loadLlamaCpp, modelPath } from "./support.mjs";

const kTokens = 64;
const kSmallestLead = 1e-3;  // in logits; rounding is about 1e-5
const prompts = [
  "The function returns",
  "<|user|>\nWhat is a database?<|end|>\n<|assistant|>\n",
  "CREATE TABLE",
  "My dear Mr. Bennet,",
  "Changed in version 3.11:",
  "def main():\n    ",
  "If the argument is not given, the default value is used. Otherwise the value must be a string. ".repeat(14),
];

const path = modelPath("F32");
const { llama, loadModel } = await loadLlamaCpp();
const model = await loadModel(path);

/// What follows `ids` when the likeliest token that does not end the answer is taken each time, and the smallest lead over the second.
async function continuation(ids) {
  const context = await createContext(model, "F32");
  const sequence = context.getSequence();
  const generateNext = { logits: { filter: { tokens: [], includeTop: 16 } } };  // far more than there are tokens that end an answer
  const tokens = [];
  let input = ids;
  let lead = Infinity;
  while (tokens.length < kTokens) {
    const results = await sequence.controlledEvaluate(input.map((id, i) => (i + 1 < input.length ? id : [id, { generateNext }])));
    const [[token, first], [, second]] = [...results.at(-1).next.logits].filter(([id]) => !model.isEogToken(id));
    lead = Math.min(lead, first - second);
    tokens.push(token);
    input = [token];
  }
  await context.dispose();
  return { tokens, lead };
}

for (const prompt of prompts) {
  const args = ["run", path, "--raw", "--prompt", prompt, "--temp", "0", "-n", String(kTokens), "--ignore-eos", "--cache-type", "f32"];
  const ours = aurea(args).tokens;
  const ids = model.tokenize(prompt, true);
  const { tokens: theirs, lead } = await continuation(ids);
  const name = JSON.stringify(prompt.slice(0, 60));
  console.log(`${name}: ${ids.length} + ${kTokens} tokens, smallest lead ${lead.toPrecision(3)}`);
  check(ids.length + kTokens < 512, `${name}: ${ids.length} + ${kTokens} tokens need the long rotary factors`);
  check(lead >= kSmallestLead, `${name}: two choices are within ${lead} of each other; take another prompt`);
  check(String(ours) === String(theirs), `${name}: another continuation`, firstDifference(ours, theirs), commandLine([...args, "--json"]));
}
await llama.dispose();
finish();
