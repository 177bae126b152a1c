// Random texts for the comparison: all kinds of scripts, emoji, controls and broken spacing, the same in every run.

// A small generator of 32-bit numbers with a seed (mulberry32).
export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (bound) => next() % bound;
  return { below, pick: (list) => list[below(list.length)] };
}

// Blocks whose characters had the same properties long before the Unicode versions that the compared programs follow.
const kBlocks = [
  [0x0021, 0x007e], [0x0021, 0x007e], [0x0061, 0x007a], [0x0041, 0x005a], [0x0000, 0x001f], [0x00a1, 0x00ff], [0x0100, 0x017e],
  [0x0180, 0x024f], [0x0250, 0x02ff], [0x0300, 0x036f], [0x0391, 0x03a1], [0x03a3, 0x03ff], [0x0400, 0x04ff], [0x0531, 0x0556],
  [0x0561, 0x0587], [0x05d0, 0x05ea], [0x05b0, 0x05c7], [0x0621, 0x0669], [0x0905, 0x0939], [0x093e, 0x094d], [0x0966, 0x096f],
  [0x0995, 0x09a8], [0x0b95, 0x0b9f], [0x0e01, 0x0e3a], [0x0e40, 0x0e5b], [0x0f40, 0x0f47], [0x10a0, 0x10c5], [0x10d0, 0x10f0],
  [0x1100, 0x1112], [0x13a0, 0x13f4], [0x1780, 0x17b3], [0x17b6, 0x17d3], [0x1e00, 0x1e95], [0x1f80, 0x1faf], [0x200b, 0x200f],
  [0x2010, 0x2027], [0x2030, 0x205e], [0x2070, 0x2071], [0x2080, 0x208e], [0x20a0, 0x20b5], [0x2100, 0x2129], [0x2150, 0x2182],
  [0x2190, 0x21ff], [0x2200, 0x22ff], [0x2460, 0x249b], [0x2500, 0x25ff], [0x2600, 0x26ff], [0x2c00, 0x2c2e],
  [0x3001, 0x303f], [0x3041, 0x3096], [0x30a1, 0x30ff], [0x3105, 0x312c], [0x4e00, 0x9fa5], [0xac00, 0xd7a3], [0xe000, 0xe0ff],
  [0xf900, 0xfa2d], [0xfb00, 0xfb06], [0xff01, 0xff9f], [0x10300, 0x1031e], [0x10400, 0x1044f], [0x1d400, 0x1d454],
  [0x1d7ce, 0x1d7ff], [0x1f300, 0x1f320], [0x1f330, 0x1f37c], [0x1f400, 0x1f43e], [0x1f600, 0x1f64f], [0x20000, 0x2a6d6],
  [0xe0100, 0xe01ef],
];
const kWords = [
  'the', 'model', 'Hello', 'world', 'HELLO', 'iPhone', 'camelCaseWord', 'don\'t', 'DON\'T', 'I\'ll', 'we\'VE', '\'re', '\'', 'x\'s', 'naïve',
  'e\u0301te\u0301', 'Straße', 'ǅungla', 'Привет', 'мир', 'ΑΒΓαβγ', '東京', '日本語テキスト', '中文', '한국어', 'שלום', 'مرحبا', 'नमस्ते', 'สวัสดี', 'ខ្មែរ',
  '12345678', '3.14159', '1,000,000', '٣٤٥', '²³', 'Ⅷ', '½', '😀', '👩‍👩‍👧‍👦', '👍🏽', '🇩🇪', '❤️', 'http://a.b/c?d=e&f', 'a_b', '__init__', 'if(x){y;}', '=>', '!==',
  '...', '--', '/*', '*/', '//', '<', '>', '<|', '|>', '<|end', 'end|>', '</s', '<0x0A>', '\ufffd', '\u2581', '\u2581the',
];
const kSpaces = [
  ' ', ' ', ' ', '  ', '   ', '\n', '\n\n', '\r\n', '\r', '\t', '\t\t', ' \n', '\n ', ' \n \n', '\u00a0', '\u2003', '\u3000', '\u2028', '\u2029', '\u1680', '\u202f',
  '\u205f', '\u000b', '\u000c', '     ', '                 ',
];

// A character from any block. No block has those that JavaScript's white space and the peers' expressions treat unlike the
// original tokenizers: U+0085 and U+FEFF, and U+017F, which folds to s after an apostrophe.
function character(random) {
  const [low, high] = random.pick(kBlocks);
  return String.fromCodePoint(low + random.below(high - low + 1));
}

function segment(random, specials) {
  switch (random.below(specials.length > 0 ? 8 : 7)) {
    case 0:
    case 1: return random.pick(kWords);
    case 2: return random.pick(kSpaces);
    case 3: {
      // A stretch of one script.
      const [low, high] = random.pick(kBlocks);
      let text = '';
      for (let n = 1 + random.below(8); n > 0; --n) text += String.fromCodePoint(low + random.below(high - low + 1));
      return text;
    }
    case 4: return character(random).repeat(1 + random.below(40));
    case 5: {
      let text = '';
      for (let n = 1 + random.below(6); n > 0; --n) text += character(random);
      return text;
    }
    case 6: return ' ' + random.pick(kWords);
    default: return random.pick(specials);
  }
}

// `count` texts of up to 24 segments; every second one may have `specials` inside. The first is empty.
export function makeTexts(seed, count, specials) {
  const random = makeRandom(seed);
  const texts = [''];
  while (texts.length < count) {
    let text = '';
    const allowed = texts.length % 2 === 0 ? specials : [];
    for (let n = 1 + random.below(24); n > 0; --n) text += segment(random, allowed);
    texts.push(text);
  }
  return texts;
}
