// A tokenizer.json from a list of byte strings in the order of their ranks, which is all that a tiktoken vocabulary is.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

// GPT-2's byte alphabet: printable bytes stand for themselves, the others for U+0100 and up.
function makeAlphabet() {
  const alphabet = [];
  let extra = 0x100;
  for (let byte = 0; byte < 256; ++byte) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    alphabet.push(String.fromCodePoint(printable ? byte : extra++));
  }
  return alphabet;
}
const kAlphabet = makeAlphabet();
const toAlphabet = (bytes) => Array.from(bytes, (character) => kAlphabet[character.charCodeAt(0)]).join('');

// Byte strings are held as strings of characters U+0000 to U+00FF.
export const fromText = (text) => Buffer.from(text, 'utf8').toString('latin1');
export const fromBytes = (bytes) => Buffer.from(bytes).toString('latin1');

// The parts that a token is made of by the merges of lower rank: two, unless merging can never reach it.
function parts(token, ranks, ownRank) {
  const pieces = [...token];
  for (;;) {
    let best = -1, bestRank = ownRank;
    for (let i = 0; i + 1 < pieces.length; ++i) {
      const rank = ranks.get(pieces[i] + pieces[i + 1]);
      if (rank !== undefined && rank < bestRank) [best, bestRank] = [i, rank];
    }
    if (best < 0) return pieces;
    pieces.splice(best, 2, pieces[best] + pieces[best + 1]);
  }
}

// Writes FOLDER/tokenizer.json. `tokens`: byte strings by rank. Merges as pairs or as strings.
export function writeTokenizerJson(folder, tokens, expression, mergesAsPairs) {
  const ranks = new Map();
  tokens.forEach((token, rank) => ranks.set(token, rank));
  const vocab = {}, merges = [];
  tokens.forEach((token, rank) => {
    vocab[toAlphabet(token)] = rank;
    if (token.length === 1) return;
    const pair = parts(token, ranks, rank);
    if (pair.length !== 2) throw new Error(`token ${rank} cannot be reached by merging`);
    merges.push(mergesAsPairs ? pair.map(toAlphabet) : pair.map(toAlphabet).join(' '));
  });
  const split = { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify({
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, byteLevel] },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false, vocab, merges },
  }));
}
