// `npm run build:cli`: the command line as a package for npm, and as one file that needs nothing else, for each platform.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI } from './executables.mjs';
import { release } from './release.mjs';
import { root, runNpm, step } from './setup.mjs';
import { noticeOf } from './third-party.mjs';

const folder = join(root, 'dist/cli/package');
/** With a scope: whose `shoal` is in a registry is not ours to say. */
const NAME = '@shoal/cli';
const MAIN = 'shoal.cjs';

const README = `# Shoal's command line

\`shoal\` writes, deploys, calls and looks after functions of a Shoal gateway, or of any other that speaks the OpenFaaS wire contract.

\`\`\`sh
shoal new hello --lang node   # a function from a template; templates come with it
shoal up                      # build and deploy it
echo world | shoal invoke hello
shoal help                    # all commands
shoal doctor                  # what is here, what is missing, and what to do
\`\`\`

It has no dependencies: what it contains of others is in NOTICE.
`;

await release({
  command: 'build:cli',
  title: 'the command line',
  folder: 'dist/cli/bin',
  program: CLI,
  portable: { name: 'npm', about: 'the package for npm, whose files are in dist/cli/package', build: (into) => step('Building the package', () => buildPackage(into)) },
});

async function buildPackage(into) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { version, description, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = [MAIN, 'watchdog.cjs', 'NOTICE'];
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name: NAME, version, description, license, engines, bin: { [CLI.name]: MAIN }, files }, null, 2)}\n`);
  writeFileSync(join(folder, MAIN), `#!/usr/bin/env node\n${readFileSync(join(root, CLI.entry), 'utf8')}`, { mode: 0o755 });
  // `shoal local-run` starts it.
  cpSync(join(root, 'dist/watchdog/main.cjs'), join(folder, 'watchdog.cjs'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'README.md'), README);
  writeFileSync(join(folder, 'NOTICE'), noticeOf(JSON.parse(readFileSync(join(root, 'dist/cli/packages.json'), 'utf8'))));
  await runNpm(['pack', folder, '--pack-destination', into, '--ignore-scripts', '--loglevel=error']);
}
