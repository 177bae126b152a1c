// Writes the files that the tests of this folder read.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aurea, check, demoModel, finish, modelFolder, modelPath, renamedModelPath } from "./support.mjs";

rmSync(modelFolder, { recursive: true, force: true });
mkdirSync(modelFolder, { recursive: true });
for (const type of ["F32", "F16", "Q4_K_M"]) {
  const result = aurea(["quantize", demoModel, "-o", modelPath(type), "--type", type]);
  console.log(`${type}: ${result.bytes} bytes, ${result.bits_per_weight.toFixed(2)} bits per weight`);
  check(result.type === type, `asked for ${type}, got ${result.type}`);
}
// llama.cpp has a rule that goes by general.name, which comes from the folder's name (see tokens_test.mjs).
const renamed = join(modelFolder, "docs-mini");
cpSync(demoModel, renamed, { recursive: true });
aurea(["quantize", renamed, "-o", renamedModelPath, "--type", "Q4_K_M"]);
rmSync(renamed, { recursive: true });
finish();
