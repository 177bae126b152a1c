// llama.cpp reads the phi2 and phimoe files that Aurea writes. For phi2 it takes the same 64 tokens at temperature 0. Its graph for
// phimoe computes another function than the original (RMSNorm in place of LayerNorm, other routing weights, another rotary magnitude;
// docs/howto/add-an-architecture.md): the distance is measured and printed, and it is large. The checkpoints are golden data,
// looked for in AUREA_GOLDEN_DIR and beside the project; they have no tokenizer, which llama.cpp cannot do without, so that they get
// one that nobody uses: everything is said in ids.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logSum, readRows } from "./log_probabilities.mjs";
import { aurea, check, commandLine, createContext, finish, firstDifference, loadLlamaCpp, modelFolder, projectFolder } from "./support.mjs";
import { skip } from "../support/npm.mjs";

const folder = join(process.env.AUREA_GOLDEN_DIR || join(projectFolder, "..", "shared", "golden"), "models");
if (!existsSync(folder)) skip(`${folder} is not there`);

const kTokens = 64;
const kSmallestLead = 2e-2;  // in logits; llama.cpp reads GELU from a table of float16, which is good for about 3e-3
const prompts = [5, 6, 10, 23].map((s) => Array.from({ length: 5 + s }, (_, i) => (i * (37 + 2 * s) + 11 * s) % 500));

/// Byte-level BPE: the 256 bytes, one merge, words without a meaning up to `size`.
function writeTokenizer(folder, size) {
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  const letters = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
  const words = [...letters, letters[32] + "t"];
  while (words.length < size - 1) words.push(`word${words.length}`);
  const end = "<|endoftext|>";
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify({
    version: "1.0", normalizer: null, post_processor: null,
    added_tokens: [{ id: size - 1, content: end, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }],
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: "BPE", vocab: Object.fromEntries(words.map((word, id) => [word, id])), merges: [`${letters[32]} t`] },
  }));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ tokenizer_class: "GPT2Tokenizer", bos_token: end, eos_token: end, unk_token: end }));
}

/// The checkpoint with that tokenizer, as a GGUF file.
function convert(name) {
  const path = join(modelFolder, `${name}-F32.gguf`);
  const copy = join(modelFolder, name);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const file of ["config.json", "model.safetensors"]) copyFileSync(join(folder, name, file), join(copy, file));
  writeTokenizer(copy, JSON.parse(readFileSync(join(copy, "config.json"), "utf8")).vocab_size);
  aurea(["quantize", copy, "-o", path, "--type", "F32", "--force"]);
  rmSync(copy, { recursive: true });
  return path;
}

const argmax = (row) => row.reduce((best, value, i) => (value > row[best] ? i : best), 0);

const { llama, loadModel } = await loadLlamaCpp();
mkdirSync(modelFolder, { recursive: true });
for (const name of ["phi", "phimoe"].filter((name) => existsSync(join(folder, name)))) {
  const path = convert(name);
  const model = await loadModel(path);
  for (const [p, prompt] of prompts.entries()) {
    const context = await createContext(model, "F32");
    const sequence = context.getSequence();
    const generateNext = { probabilities: true, logits: { filter: { tokens: [], includeTop: 2 } } };
    const chosen = [];
    let input = prompt, lead = Infinity, probabilities;
    while (chosen.length < kTokens) {
      const results = await sequence.controlledEvaluate(input.map((id, i) => (i + 1 < input.length ? id : [id, { generateNext }])));
      const { logits } = results.at(-1).next;
      const [[token, first], [, second]] = [...logits];
      probabilities ??= results.at(-1).next.probabilities;  // behind the prompt
      lead = Math.min(lead, first - second);
      chosen.push(token);
      input = [token];
    }
    await context.dispose();

    const args = ["logits", path, "--tokens", [...prompt, ...chosen.slice(0, -1)].join(","), "-o", join(modelFolder, "logits.npy"), "--force", "--cache-type", "f32"];
    aurea(args);
    const rows = readRows(join(modelFolder, "logits.npy")).slice(prompt.length - 1);
    const ours = rows.map(argmax);
    const behindPrompt = Array.from(rows[0], (value) => value - logSum(rows[0]));
    const distance = Math.max(...[...probabilities].filter(([, value]) => value > 0).map(([id, value]) => Math.abs(Math.log(value) - behindPrompt[id])));
    console.log(`${name}, prompt ${p}: smallest lead ${lead.toPrecision(3)}, largest difference of a log-probability behind the prompt ${distance.toPrecision(3)}`);
    if (name === "phi") {
      check(lead >= kSmallestLead, `${name}, prompt ${p}: two choices are within ${lead} of each other; take another prompt`);
      check(String(ours) === String(chosen), `${name}, prompt ${p}: another continuation`, firstDifference(ours, chosen), commandLine([...args, "--json"]));
      check(distance < kSmallestLead, `${name}, prompt ${p}: log-probabilities differ by ${distance}`);
    } else {
      check(distance > 0.1, `${name}, prompt ${p}: llama.cpp computes the original now; say so in docs/howto/add-an-architecture.md`);
    }
  }
  await model.dispose();
}
await llama.dispose();
finish();
