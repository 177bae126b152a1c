// Log-probabilities of given tokens, of llama.cpp and of Aurea. A window is a list of ids that are read in an empty context, without
// BOS; all tokens but the first have one.
//
// llama.cpp's log-probability of a token: its logit - the largest logit - log(totalLogitWeight), with totalLogitWeight the sum of
// exp(logit - largest). At temperature 0 the logits are those of the model, without sampling filters (perplexity_test.mjs proves it).
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aurea, commandLine, createContext, modelFolder } from "./support.mjs";

/// Of `token` as the next one, out of what controlledEvaluate gives.
export function logProbability({ logits, totalLogitWeight }, token) {
  return logits.get(token) - Math.max(...logits.values()) - Math.log(totalLogitWeight);
}

/// llama.cpp's of a window's tokens.
export async function llamaLogProbabilities(model, cache, ids) {
  const context = await createContext(model, cache);
  const input = ids.slice(0, -1).map((id, i) => [
    id, { generateNext: { totalLogitWeight: true, logits: { filter: { tokens: [ids[i + 1]], includeTop: 1 } } } },
  ]);
  const results = await context.getSequence().controlledEvaluate(input);
  await context.dispose();
  return results.map(({ next }, i) => logProbability(next, ids[i + 1]));
}

/// Rows of a float32 .npy file of two dimensions.
export function readRows(path) {
  const bytes = readFileSync(path);
  const headerEnd = 10 + bytes.readUInt16LE(8);
  const [, rows, cols] = /'shape': \((\d+), (\d+)\)/.exec(bytes.toString("latin1", 10, headerEnd)).map(Number);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + headerEnd));
  return Array.from({ length: rows }, (_, r) => values.subarray(r * cols, (r + 1) * cols));
}

/// log(sum of exp) of a row of logits.
export function logSum(row) {
  const largest = row.reduce((a, b) => Math.max(a, b));
  return largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/// The command whose logits aureaLogProbabilities reads, but for its output.
const logitsArguments = (path, ids) => ["logits", path, "--tokens", ids.join(","), "--cache-type", "f32"];

/// Aurea's of a window's tokens, with a float32 key/value cache.
export function aureaLogProbabilities(path, ids) {
  const file = join(modelFolder, `logits-${process.pid}.npy`);
  aurea([...logitsArguments(path, ids), "-o", file, "--force"]);
  const rows = readRows(file);
  rmSync(file);
  return rows.slice(0, -1).map((row, i) => row[ids[i + 1]] - logSum(row));
}

/// How far the two programs are apart on `tokens` tokens of `text`, in windows of `window`, float32 key/value caches: root mean square
/// and mean of Aurea's log-probabilities minus llama.cpp's. `model`: the file at `path`, loaded by llama.cpp.
export async function compareLogProbabilities(model, path, text, { tokens, window }) {
  const ids = model.tokenize(text).slice(0, tokens);
  const ours = [], theirs = [];
  for (let begin = 0; begin < tokens; begin += window) {
    const piece = ids.slice(begin, begin + window);
    theirs.push(...await llamaLogProbabilities(model, "F32", piece));
    ours.push(...aureaLogProbabilities(path, piece));
  }
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    count: ours.length,
    rms: Math.sqrt(mean(ours.map((value, i) => (value - theirs[i]) ** 2))),
    mean: mean(ours) - mean(theirs),
    perplexity: Math.exp(-mean(ours)),
    command: commandLine(logitsArguments(path, ids.slice(0, window))),
  };
}
