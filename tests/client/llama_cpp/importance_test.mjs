// The layout of importance matrices, read by node-llama-cpp's own GGUF reader, and the numbers by hand.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { aurea, check, demoModel, finish, loadLlamaCpp, modelFolder, projectFolder } from "./support.mjs";

const { api, loadModel } = await loadLlamaCpp();
const path = join(modelFolder, "imatrix.gguf");
const chunks = 12, chunkSize = 64;
aurea(["imatrix", demoModel, "--text", join(projectFolder, "models", "calibration.txt"), "-o", path, "--force", "-c", chunkSize,
  "--chunks", chunks].map(String));
const file = await api.readGgufFileInfo(path);
const bytes = readFileSync(path);

check(file.metadata.general.type === "imatrix", `general.type is ${file.metadata.general.type}`);
check(file.metadata.general.architecture === undefined, "an importance matrix has no architecture");
const { datasets, chunk_count, chunk_size } = file.metadata.imatrix;
check(datasets.length === 1 && datasets[0] === "calibration.txt", `data sets: ${datasets}`);
check(chunk_count === chunks && chunk_size === chunkSize, `${chunk_count} chunks of ${chunk_size}`);

const tensors = file.fullTensorInfo ?? file.tensorInfo;
check(tensors.length === 6 * 4 * 2, `${tensors.length} tensors`);
const widths = { attn_qkv: 256, attn_output: 256, ffn_up: 256, ffn_down: 768 };
const names = [];
for (let i = 0; i + 1 < tensors.length; i += 2) {
  const [sums, counts] = [tensors[i], tensors[i + 1]];
  const weight = sums.name.replace(/\.in_sum2$/, "");
  names.push(weight);
  check(sums.name === `${weight}.in_sum2` && counts.name === `${weight}.counts`, `a pair: ${sums.name}, ${counts.name}`);
  check(sums.ggmlType === 0 && counts.ggmlType === 0, `${weight} is F32`);
  const width = widths[weight.split(".")[2]];
  check(sums.dimensions.map(Number).join() === `${width}`, `${sums.name}: ${sums.dimensions}`);
  check(counts.dimensions.map(Number).join() === "1", `${counts.name}: ${counts.dimensions}`);
  const at = (tensor, j) => bytes.readFloatLE(Number(tensor.fileOffset) + 4 * j);
  check(at(counts, 0) === chunks * chunkSize, `${counts.name} is ${at(counts, 0)}`);
  let sum = 0;
  for (let j = 0; j < width; ++j) sum += at(sums, j) >= 0 ? at(sums, j) : NaN;
  check(Number.isFinite(sum) && sum > 0, `${sums.name} adds up to ${sum}`);
}
const sorted = [...names].sort();
check(names.every((name, i) => name === sorted[i]), "sorted by name", names.join(" "));
check(bytes.length % 32 === 0, `the last tensor is padded: ${bytes.length} bytes`);

// llama.cpp runs what was quantized with it, and its metadata say so.
const quantized = join(modelFolder, "phi3-docs-mini-imatrix.gguf");
aurea(["quantize", demoModel, "-o", quantized, "--force", "--imatrix", path]);
const { quantize } = (await api.readGgufFileInfo(quantized)).metadata;
check(quantize.imatrix.file === "imatrix.gguf" && quantize.imatrix.entries_count === 24 && quantize.imatrix.chunks_count === chunks,
  `metadata: ${JSON.stringify(quantize)}`);
await (await loadModel(quantized)).dispose();
finish();
