// Our ids and decoded texts against Hugging Face's own tokenizers.js, over the demonstration model's tokenizer.json.
//   node compare_huggingface.mjs ENCODE_LINES PACKAGES
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { installPackages } from '../support/npm.mjs';
import { compare, encodeAll } from './ours.mjs';
import { makeTexts } from './texts.mjs';

const [encodeLines, packages] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const model = path.join(here, '../../../models/phi3-docs-mini');
installPackages(here, packages);
const require = createRequire(path.join(packages, 'package.json'));
const { Tokenizer } = require('@huggingface/tokenizers');

const read = (name) => JSON.parse(readFileSync(path.join(model, name), 'utf8'));
const tokenizerJson = read('tokenizer.json');
const peer = new Tokenizer(tokenizerJson, read('tokenizer_config.json'));
const specials = tokenizerJson.added_tokens.map((token) => token.content);
const theirs = (text) => {
  const { ids } = peer.encode(text, { add_special_tokens: false });
  return { ids, text: ids.length > 0 ? peer.decode(ids, { skip_special_tokens: false }) : '' };
};

const texts = makeTexts(3816, 10000, specials);
let differences = compare('both files', texts, encodeAll(encodeLines, model, texts), theirs);

// Either file alone must do.
for (const left of ['tokenizer.json', 'tokenizer.model']) {
  const folder = mkdtempSync(path.join(tmpdir(), 'aurea-tokenizer-'));
  for (const name of [left, 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json']) {
    cpSync(path.join(model, name), path.join(folder, name));
  }
  differences += compare(`${left} alone`, texts, encodeAll(encodeLines, folder, texts), theirs);
  rmSync(folder, { recursive: true });
}
process.exit(differences === 0 ? 0 : 1);
