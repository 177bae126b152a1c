// Installs the packages that a client test pins, into a folder of the build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const kSkipped = 77;  // SKIP_RETURN_CODE in CMake
const kFiles = ['.npmrc', 'package.json', 'package-lock.json'];

// Ends the process as skipped.
export function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(kSkipped);
}

const stampPath = (work) => path.join(work, 'stamp');
// True if installPackages has ended well in this folder.
export const isInstalled = (work) => existsSync(stampPath(work));

// Runs `npm ci` in `work` with the files of `source`, once: a stamp holds the hash of what was asked for. Ends the process as
// skipped when AUREA_TESTS_OFFLINE forbids what would be needed, as failed when npm fails. `options` are npm's.
export function installPackages(source, work, options = []) {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...options];
  const hash = createHash('sha256').update(args.join(' '));
  for (const file of kFiles) hash.update(readFileSync(path.join(source, file)));
  const stamp = hash.digest('hex') + '\n';
  if (isInstalled(work) && readFileSync(stampPath(work), 'utf8') === stamp) return;
  if (process.env.AUREA_TESTS_OFFLINE) skip(`AUREA_TESTS_OFFLINE is set and the npm packages of ${source} are not installed`);

  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const file of kFiles) copyFileSync(path.join(source, file), path.join(work, file));
  const result = spawnSync('npm', args, { cwd: work, stdio: 'inherit' });
  if (result.status !== 0) {
    console.log(`FAIL npm ${args.join(' ')} in ${work}: ${result.error?.message ?? `exit code ${result.status}`}`);
    console.log('(to leave these tests out where there is no network: AUREA_TESTS_OFFLINE=1)');
    process.exit(1);
  }
  writeFileSync(stampPath(work), stamp);
}
