// Aurea reads the vocabulary files that llama.cpp ships for its own tests and gives llama.cpp's ids: those of the text/ids pairs
// beside each file, and those that llama.cpp gives here. The files are other projects' vocabularies and not part of this one;
// they are looked for in AUREA_GOLDEN_DIR and beside the project.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { aurea, check, commandLine, finish, firstDifference, loadLlamaCpp, projectFolder } from "./support.mjs";
import { skip } from "../support/npm.mjs";

const folder = join(process.env.AUREA_GOLDEN_DIR || join(projectFolder, "..", "shared", "golden"), "tokenizers");
if (!existsSync(folder)) skip(`${folder} is not there`);
const names = readdirSync(folder).filter((name) => name.endsWith(".gguf")).sort();

const kSeparator = "\n__ggml_vocab_test__\n";  // between inputs and behind the last
const kModels = { llama: "SentencePiece", gpt2: "byte-level BPE" };

const { llama, loadModel } = await loadLlamaCpp();
for (const name of names) {
  const path = join(folder, name);
  const { format, metadata, tensors } = aurea(["inspect", path]);
  const kind = metadata["tokenizer.ggml.model"];
  check(format === "gguf" && tensors.length === 0 && kind in kModels,
    `${name}: inspect says ${format}, ${tensors.length} tensors, vocabulary ${kind}`, commandLine(["inspect", path, "--json"]));

  const model = await loadModel(path, { vocabOnly: true });
  const inputs = readFileSync(`${path}.inp`, "utf8").split(kSeparator).slice(0, -1);
  const outputs = readFileSync(`${path}.out`, "utf8").split("\n").slice(0, -1);
  check(inputs.length === outputs.length, `${name}: ${inputs.length} inputs, ${outputs.length} outputs`);
  // One start of the program for each input reads the whole vocabulary again: every fifth input, and the longest one.
  const longest = inputs.reduce((best, text, i) => (text.length > inputs[best].length ? i : best), 0);
  const chosen = inputs.map((_, i) => i).filter((i) => i % 5 === 0 || i === longest);
  for (const i of chosen) {
    const args = ["tokenize", path, "--no-bos", "--no-parse-special"];
    const ours = aurea(args, inputs[i]).tokens;
    const golden = outputs[i].split(" ").filter(Boolean).map(Number);
    const theirs = model.tokenize(inputs[i], false);
    const details = [firstDifference(ours, golden), commandLine([...args, "--json"], inputs[i])];
    check(String(ours) === String(golden), `${name}, input ${i}: not the ids of the .out file`, ...details);
    check(String(ours) === String(theirs), `${name}, input ${i}: not the ids that llama.cpp gives`,
      firstDifference(ours, theirs), details[1]);
  }
  console.log(`${name}: ${kModels[kind]}, ${chosen.length} texts`);
  await model.dispose();
}
await llama.dispose();
finish();
