// Installs the packages that a client test pins, into a folder of the build.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const kSkipped = 77;  // SKIP_RETURN_CODE in CMake

// Copies package.json, package-lock.json and .npmrc from `source` to `work` and runs `npm ci` there, unless the same is
// installed already. Ends the process with kSkipped when AUREA_TESTS_OFFLINE forbids what would be needed.
export function installPackages(source, work) {
  const files = ['package.json', 'package-lock.json', '.npmrc'];
  const installed = existsSync(path.join(work, 'node_modules', '.package-lock.json')) &&  // written last
      files.every((name) => existsSync(path.join(work, name)) &&
          readFileSync(path.join(work, name)).equals(readFileSync(path.join(source, name))));
  if (installed) return;
  if (process.env.AUREA_TESTS_OFFLINE) {
    console.log(`skipped: AUREA_TESTS_OFFLINE is set and the npm packages of ${source} are not installed`);
    process.exit(kSkipped);
  }
  mkdirSync(work, { recursive: true });
  for (const name of files) cpSync(path.join(source, name), path.join(work, name));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: work, stdio: 'inherit' });
}
