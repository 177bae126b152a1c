// llama.cpp loads what Aurea wrote, without a complaint, and splits texts into the same ids.
//
// Three differences are known. In each Aurea follows the checkpoint's tokenizer.json as Hugging Face's library reads it, which is
// what the model was trained with:
//  - Phi-3's added tokens swallow the white space behind them ("rstrip"; not <unk>, <s> and <|endoftext|>). GGUF has no key for
//    that. llama.cpp does it only if general.name contains "phi3" or "phi-3"; under another name the newline of "<|user|>\n"
//    becomes two tokens that the model has never seen there. Aurea's ids do not depend on the name.
//  - White space is what Unicode says for Hugging Face and ASCII's six for llama.cpp: a no-break space behind <|end|> stays.
//  - </s> is an added token that is not special (in GGUF: user-defined, as llama.cpp's own converter writes it), so it is found in
//    plain text as well. llama.cpp makes a control token of it, with a warning, and then takes "</s>" in plain text for letters.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  aurea, check, commandLine, finish, firstDifference, loadLlamaCpp, modelPath, projectFolder, renamedModelPath,
} from "./support.mjs";

const texts = [
  "", " ", "  ", "\n", "\n\n", "\t", " \n ", "Hello world", " Hello world", "  two leading spaces", "a    b     c      d",
  "trailing spaces   ", "The year 2024, 3.14159 and 1,000,000; 50% of $7.99!", "don't, won't; it's o'clock",
  "snake_case camelCase SCREAMING_CASE kebab-case", "äöü ÄÖÜ ß naïve café Größenwahn", "日本語のテキスト 东京 서울",
  "Привет, мир! Γειά σου Κόσμε مرحبا שלום", "emoji 😀 👩‍👩‍👧‍👦 🇩🇪 ❤️",
  "e\u0301 combining, \u200b zero width, \u00a0 no-break, \ufeff mark",
  "\u2581 the mark itself \u2581\u2581", "def f(x):\n    if x:\n        return x * 2\n\treturn None\n",
  "#include <vector>\r\nint main() { return a[i] != 0 && b->c ? 1 : 0; }\r\n", '{"key": [1, 2.5e-3, null], "nested": {"a": "\\n"}}',
  "<0x41> <0x0A> [PAD4075]", "SELECT * FROM t WHERE a <= 'x' -- comment", "https://example.org/path?q=1&r=%20#top",
  "x".repeat(300), " ".repeat(70), "nul \u0000 and \u007f and \u0001", "\ud83d\ude00".repeat(20),
  "<|user|>\nWhat is a database?<|end|>\n<|assistant|>\n", "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n",
  "a<|end|>b", "a <|end|> b", "<|end|>", "<|end|><|end|>", "<|end|>\n\n \t x", "<|endoftext|>  two spaces", "<s>one <s> two",
  "<unk> x", "<|END|> <|end |> <|end|", "<|placeholder1|> <|placeholder6|>\n",
];

const { llama, lines, loadModel } = await loadLlamaCpp();

function compare(path, model, text, parseSpecial) {
  const args = ["tokenize", path, "--no-bos", ...(parseSpecial ? [] : ["--no-parse-special"])];
  const ours = aurea(args, text).tokens;
  const theirs = model.tokenize(text, parseSpecial);
  const equal = ours.length === theirs.length && ours.every((id, i) => id === theirs[i]);
  check(equal, `${JSON.stringify(text.slice(0, 100))} ${parseSpecial ? "with" : "without"} control tokens`,
    firstDifference(ours, theirs), commandLine([...args, "--json"], text.slice(0, 1000)));
}

for (const type of ["F32", "F16", "Q4_K_M"]) {
  const path = modelPath(type);
  const model = await loadModel(path);
  const complaints = lines.filter(({ level, text }) =>
    ["warn", "error", "fatal"].includes(level) && !text.includes("'</s>' was not control-type"));
  check(complaints.length === 0, `llama.cpp complains about ${path}`, ...complaints.map((line) => line.text));
  for (const text of texts) {
    for (const parseSpecial of [false, true]) compare(path, model, text, parseSpecial);
  }
  if (type === "F16") compare(path, model, readFileSync(join(projectFolder, "models", "eval.txt"), "utf8"), false);
  await model.dispose();
}

/// The ids of `text` are `expected` for Aurea and, if that is still a known difference, not for llama.cpp.
function checkDifference(path, model, text, parseSpecial, expected, reason) {
  const args = ["tokenize", path, "--no-bos", ...(parseSpecial ? [] : ["--no-parse-special"])];
  const ours = aurea(args, text).tokens;
  check(String(ours) === String(expected), `${reason}: ${JSON.stringify(text)} is ${ours} instead of ${expected}`,
    commandLine([...args, "--json"], text));
  check(String(model.tokenize(text, parseSpecial)) !== String(expected), `${reason}: no longer a difference`);
}

const own = await loadModel(modelPath("Q4_K_M"));
const renamed = await loadModel(renamedModelPath);
const id = (text) => own.tokenize(text, true)[0];  // of an added token
const plain = (text) => own.tokenize(text, false);  // every stretch between added tokens is split on its own
checkDifference(renamedModelPath, renamed, "<|user|>\nHi<|end|>\n", true, [id("<|user|>"), ...plain("Hi"), id("<|end|>")], "general.name");
checkDifference(modelPath("Q4_K_M"), own, "<|end|>\u00a0b", true, [id("<|end|>"), ...plain("b")], "white space");
checkDifference(modelPath("Q4_K_M"), own, "one</s> two", false, [...plain("one"), id("</s>"), ...plain("two")], "</s>");
await llama.dispose();
finish();
