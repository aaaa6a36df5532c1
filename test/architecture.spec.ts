import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..');

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: { readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[] };
}

function cruise(folder: string): Cruise {
  const bin = join(root, 'node_modules/.bin/depcruise');
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs', 'test'];
  const { stdout, stderr } = spawnSync(bin, args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (!stdout.startsWith('{')) throw new Error(stderr);
  return JSON.parse(stdout) as Cruise;
}

describe('the dependency rule', () => {
  it('holds in all of our modules, and sees them', () => {
    const { modules, summary } = cruise(root);
    const ours = modules.filter(({ source }) => /^(apps|libs)\/.*\.ts$/.test(source));
    expect(ours.length).toBeGreaterThan(80);
    expect(summary.violations).toEqual([]);
  });

  describe('where a module breaks it', () => {
    // What a module must not say, by the rule that forbids it.
    const wrong: ReadonlyArray<readonly [rule: string, file: string, text: string]> = [
      ['domain-imports-nothing', 'libs/domain/src/wrong-1.ts', "import 'node:fs';"],
      ['domain-imports-nothing', 'libs/domain/src/wrong-2.ts', "import '../../adapters/src/http/x';"],
      ['fakes-are-for-tests', 'apps/gateway/src/wrong-1.ts', "import '../../../libs/domain/src/testing/x';"],
      ['adapters-import-domain-only', 'libs/adapters/src/http/wrong-1.ts', "import '../../../../apps/gateway/src/x';"],
      ['adapters-stay-apart', 'libs/adapters/src/http/wrong-2.ts', "import '../local/x';"],
      ['apps-stay-apart', 'apps/watchdog/src/wrong-1.ts', "import '../../gateway/src/x';"],
      ['no-circles', 'apps/gateway/src/a.ts', "import { b } from './b'; export const a = b;"],
      ['undici-stays-home', 'libs/adapters/src/local/wrong-1.ts', "import 'undici';"],
      ['yaml-stays-home', 'libs/adapters/src/http/wrong-3.ts', "import 'yaml';"],
      ['lmdb-stays-home', 'libs/adapters/src/http/wrong-4.ts', "import 'lmdb';"],
      ['@nats-io-stays-home', 'libs/adapters/src/http/wrong-5.ts', "import '@nats-io/jetstream';"],
      ['croner-stays-home', 'libs/adapters/src/http/wrong-6.ts', "import 'croner';"],
      ['ipaddr.js-stays-home', 'libs/adapters/src/local/wrong-2.ts', "import 'ipaddr.js';"],
      ['prom-client-stays-home', 'libs/adapters/src/http/wrong-7.ts', "import 'prom-client';"],
      ['@nestjs-stays-home', 'apps/gateway/src/wrong-2.ts', "import '@nestjs/common';"],
      ['sucrase-stays-home', 'apps/cli/src/wrong-1.ts', "import 'sucrase';"],
      ['tar-stream-stays-home', 'apps/cli/src/wrong-2.ts', "import 'tar-stream';"],
    ];
    let violations: Cruise['summary']['violations'];

    beforeAll(() => {
      const folder = mkdtempSync(join(tmpdir(), 'shoal-architecture-'));
      const write = (path: string, content: string) => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      };
      for (const path of ['libs/domain/src/x.ts', 'libs/domain/src/testing/x.ts', 'libs/adapters/src/http/x.ts', 'libs/adapters/src/local/x.ts', 'apps/gateway/src/x.ts', 'test/x.ts']) {
        write(path, 'export {};\n');
      }
      write('apps/gateway/src/b.ts', "import { a } from './a'; export const b = a;\n");
      write('tsconfig.json', '{}');
      for (const [, file, text] of wrong) write(file, `${text}\n`);
      cpSync(join(root, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'));
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      ({ violations } = cruise(folder).summary);
      rmSync(folder, { recursive: true });
    });

    it.each(wrong)('%s bites in %s', (rule, file) => {
      expect(violations.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
    });
  });
});
