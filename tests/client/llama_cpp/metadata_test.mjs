// The F16 file has the keys, value types and tensors of llama.cpp's own converter for phi3, as llama.cpp's loader prints them and
// node-llama-cpp's reader sees them. Names and rules: convert_hf_to_gguf.py and gguf-py/gguf/constants.py of release v0.5.0.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { aurea, check, commandLine, demoModel, finish, loadLlamaCpp, modelPath } from "./support.mjs";

const readJson = (name) => JSON.parse(readFileSync(join(demoModel, name), "utf8"));
const config = readJson("config.json");
const tokenizerConfig = readJson("tokenizer_config.json");
const nVocab = config.vocab_size;
const headSize = config.hidden_size / config.num_attention_heads;
const { max_position_embeddings: longest, original_max_position_embeddings: original } = config;
const attentionFactor = Math.sqrt(1 + Math.log(longest / original) / Math.log(original));

const kF16FileType = 1, kQuantizationVersion = 2;
const idOf = (text) => Number(Object.entries(tokenizerConfig.added_tokens_decoder).find(([, token]) => token.content === text)[0]);

// Key: type as llama.cpp prints it, and value; undefined: any value.
const expected = {
  "general.architecture": ["str", "phi3"],
  "general.type": ["str", "model"],
  "general.name": ["str", "Phi3 Docs Mini"],
  "general.size_label": ["str", undefined],
  "general.file_type": ["u32", kF16FileType],
  "general.quantization_version": ["u32", kQuantizationVersion],
  "phi3.context_length": ["u32", longest],
  "phi3.embedding_length": ["u32", config.hidden_size],
  "phi3.feed_forward_length": ["u32", config.intermediate_size],
  "phi3.block_count": ["u32", config.num_hidden_layers],
  "phi3.attention.head_count": ["u32", config.num_attention_heads],
  "phi3.attention.head_count_kv": ["u32", config.num_key_value_heads],
  "phi3.attention.layer_norm_rms_epsilon": ["f32", Math.fround(config.rms_norm_eps)],
  "phi3.attention.sliding_window": ["u32", config.sliding_window ?? 0],
  "phi3.rope.dimension_count": ["u32", headSize],
  "phi3.rope.freq_base": ["f32", config.rope_theta],
  "phi3.rope.scaling.original_context_length": ["u32", original],
  "phi3.rope.scaling.attn_factor": ["f32", Math.fround(attentionFactor)],
  "tokenizer.ggml.model": ["str", "llama"],
  "tokenizer.ggml.pre": ["str", "default"],
  "tokenizer.ggml.tokens": [`arr[str,${nVocab}]`, undefined],
  "tokenizer.ggml.scores": [`arr[f32,${nVocab}]`, undefined],
  "tokenizer.ggml.token_type": [`arr[i32,${nVocab}]`, undefined],
  "tokenizer.ggml.bos_token_id": ["u32", idOf(tokenizerConfig.bos_token)],
  "tokenizer.ggml.eos_token_id": ["u32", idOf(tokenizerConfig.eos_token)],
  "tokenizer.ggml.unknown_token_id": ["u32", idOf(tokenizerConfig.unk_token)],
  "tokenizer.ggml.padding_token_id": ["u32", idOf(tokenizerConfig.pad_token)],
  "tokenizer.ggml.add_bos_token": ["bool", tokenizerConfig.add_bos_token],
  "tokenizer.ggml.add_eos_token": ["bool", tokenizerConfig.add_eos_token],
  "tokenizer.chat_template": ["str", tokenizerConfig.chat_template],
};

/// Name: dimensions (fastest first) and type.
function expectedTensors() {
  const { hidden_size: hidden, intermediate_size: ffn } = config;
  const qkv = hidden + 2 * config.num_key_value_heads * headSize;
  const tensors = {
    "token_embd.weight": [[hidden, nVocab], "F16"], "output.weight": [[hidden, nVocab], "F16"], "output_norm.weight": [[hidden], "F32"],
    "rope_factors_long.weight": [[headSize / 2], "F32"], "rope_factors_short.weight": [[headSize / 2], "F32"],
  };
  for (let n = 0; n < config.num_hidden_layers; ++n) {
    Object.assign(tensors, {
      [`blk.${n}.attn_norm.weight`]: [[hidden], "F32"], [`blk.${n}.ffn_norm.weight`]: [[hidden], "F32"],
      [`blk.${n}.attn_qkv.weight`]: [[hidden, qkv], "F16"], [`blk.${n}.attn_output.weight`]: [[hidden, hidden], "F16"],
      [`blk.${n}.ffn_up.weight`]: [[hidden, 2 * ffn], "F16"], [`blk.${n}.ffn_down.weight`]: [[ffn, hidden], "F16"],
    });
  }
  return tensors;
}

/// {a: {b: 1}} to {"a.b": 1}.
function flatten(object, prefix = "") {
  return Object.assign({}, ...Object.entries(object).map(([key, value]) =>
    value?.constructor === Object ? flatten(value, `${prefix}${key}.`) : { [prefix + key]: value }));
}

const path = modelPath("F16");
const { api, llama, lines, loadModel } = await loadLlamaCpp();
await (await loadModel(path)).dispose();
const printed = lines.map(({ text }) => /- kv\s+\d+:\s+(\S+)\s+(\S+)\s*=/.exec(text)).filter(Boolean);
const printedTypes = Object.fromEntries(printed.map(([, key, type]) => [key, type]));
const info = await api.readGgufFileInfo(path, { sourceType: "filesystem", logWarnings: false });
const values = flatten(info.metadata);
check(info.version === 3, `GGUF version ${info.version}`);

const inspected = aurea(["inspect", path, "--all"]);
for (const [key, [type, value]] of Object.entries(expected)) {
  check(printedTypes[key] === type, `${key}: type ${printedTypes[key]} instead of ${type}`, commandLine(["inspect", path, "--json"]));
  check(value === undefined ? key in values : values[key] === value,
    `${key}: ${JSON.stringify(values[key])} instead of ${JSON.stringify(value)}`);
}
for (const [key, type] of Object.entries(printedTypes)) {
  const [ours, theirs] = [inspected.metadata[key], values[key]];
  const [shown, wanted] = [ours, theirs].map((value) => JSON.stringify(type.includes("f32") ? [value].flat().map(Math.fround) : value));
  check(shown === wanted, `${key}: aurea inspect shows ${shown?.slice(0, 80)}, node-llama-cpp ${wanted?.slice(0, 80)}`,
    commandLine(["inspect", path, "--all", "--json"]));
}

// Added tokens: type 3 (control) where special, else 4 (user-defined), score -1000. Padding: "[PADid]", type 5 (unused), -10000.
const { tokens, scores, token_type: types } = info.metadata.tokenizer.ggml;
for (const [id, token] of Object.entries(tokenizerConfig.added_tokens_decoder)) {
  const [found, wanted] = [[tokens[id], scores[id], types[id]], [token.content, -1000, token.special ? 3 : 4]];
  check(String(found) === String(wanted), `token ${id}: ${found} instead of ${wanted}`);
}
const nUsed = Math.max(...Object.keys(tokenizerConfig.added_tokens_decoder).map(Number)) + 1;
for (let id = nUsed; id < nVocab; ++id) {
  const found = [tokens[id], scores[id], types[id]];
  check(String(found) === String([`[PAD${id}]`, -10000, 5]), `token ${id}: ${found} instead of padding`);
}

const wanted = expectedTensors();
const found = Object.fromEntries(
  info.tensorInfo.map(({ name, dimensions, ggmlType }) => [name, [dimensions.map(Number), api.GgmlType[ggmlType]]]));
for (const name of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
  const [ours, theirs] = [JSON.stringify(found[name]), JSON.stringify(wanted[name])];
  check(ours === theirs, `tensor ${name}: ${ours} instead of ${theirs}`);
}
await llama.dispose();
finish();
