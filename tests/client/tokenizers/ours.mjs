// Runs our tokenizer over texts, and reports differences.
import { spawnSync } from 'node:child_process';

// [{ids, text}] for each text: the ids, and what they decode to.
export function encodeAll(encodeLines, tokenizer, texts) {
  const run = spawnSync(encodeLines, [tokenizer], {
    input: texts.map((text) => JSON.stringify(text) + '\n').join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(run.stderr);
  const lines = run.stdout.split('\n');
  lines.pop();
  if (lines.length !== texts.length) throw new Error(`${texts.length} texts in, ${lines.length} lines out`);
  return lines.map((line) => JSON.parse(line));
}

// Compares what `theirs(text)` gives ({ids, text}) with ours; prints the first difference. Returns how many there are.
export function compare(name, texts, ours, theirs) {
  let differences = 0, tokens = 0;
  texts.forEach((text, i) => {
    const expected = theirs(text);
    tokens += expected.ids.length;
    const same = expected.ids.length === ours[i].ids.length && expected.ids.every((id, k) => id === ours[i].ids[k]) &&
        expected.text === ours[i].text;
    if (same) return;
    if (++differences > 1) return;
    console.log(`${name}: text ${i} differs: ${JSON.stringify(text)}`);
    console.log(`  expected ${JSON.stringify(expected)}\n  found    ${JSON.stringify(ours[i])}`);
  });
  console.log(`${name}: ${texts.length} texts, ${tokens} tokens, ${differences} differences`);
  return differences;
}
