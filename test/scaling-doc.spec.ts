import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';

const read = (file: string) => readFileSync(join(__dirname, '..', file), 'utf8');

/** Rows of the table with that heading; of each cell what is in code marks first, or else its text. */
function table(markdown: string, heading: string): string[][] {
  const start = markdown.indexOf(`| ${heading} |`);
  const rows = markdown.slice(start, markdown.indexOf('\n\n', start)).split('\n').slice(2);
  return rows.map((row) => row.split('|').slice(1, -1).map((cell) => /`([^`]+)`/.exec(cell)?.[1] ?? cell.trim()));
}

/** Names of the labels that `parseScalingPolicy` asks for. */
function labelsReadByCode(): string[] {
  const asked = new Set<string>();
  const labels = new Proxy<Record<string, string>>({}, { get: (_target, name) => void asked.add(String(name)) });
  parseScalingPolicy(labels);
  return [...asked];
}

describe('docs/scaling.md', () => {
  const page = read('docs/scaling.md');

  it('lists exactly the labels that parseScalingPolicy reads', () => {
    const names = labelsReadByCode();
    expect(names.length).toBeGreaterThan(10);
    expect(table(page, 'label').map(([label]) => `com.openfaas.scale.${label}`).sort()).toEqual(names.sort());
  });

  it('gives each label its default', () => {
    for (const [label, fallback] of table(page, 'label')) {
      const policy = parseScalingPolicy({ [`com.openfaas.scale.${label}`]: fallback! });
      expect({ label, ...policy, typeChosen: false }).toEqual({ label, ...parseScalingPolicy({}) });
    }
  });

  it('lists exactly the metrics of scaling that the gateway exports', () => {
    const names = [...read('libs/adapters/src/prometheus/scaling-metrics.ts').matchAll(/gauge\('(\w+)'/g)].map((match) => match[1]!);
    expect(names.length).toBeGreaterThan(5);
    expect(table(page, 'metric').map(([metric]) => metric).sort()).toEqual(names.sort());
  });
});

describe('npm run simulate', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [join(__dirname, '../tools/simulate.mjs'), ...args], { encoding: 'utf8' });
  let folder: string;

  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'shoal-simulate-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('plays the trace of the page, and draws it', () => {
    const page = read('docs/scaling.md');
    const trace = join(folder, 'load.csv');
    const svg = join(folder, 'scaling.svg');
    writeFileSync(trace, /^second,calls_per_second\n[\d,\n]+/m.exec(page)![0]);
    const { stdout, stderr } = run(`--trace=${trace}`, '--output=json', `--svg=${svg}`);
    expect(stderr).toBe('');
    const [row] = JSON.parse(stdout) as [{ calls: number; max: number }];
    // 60 s of 20, 60 s of 150 and 120 s of 20 calls a second.
    expect(Math.abs(row.calls / 12_600 - 1)).toBeLessThan(0.05);
    expect(row.max).toBeGreaterThanOrEqual(4);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [^]+<\/svg>\n$/);
  });

  it('tries all combinations, or sums them up', () => {
    const args = ['--duration=30s', '--trace=square,spike', '--label=com.openfaas.scale.target=20,50,100', '--output=csv'];
    const lines = (...more: string[]) => run(...args, ...more).stdout.trim().split('\n');
    expect(lines()).toHaveLength(1 + 2 * 3);
    expect(lines('--by=trace').map((line) => line.split(',').slice(0, 2))).toEqual([['trace', 'runs'], ['square', '3'], ['spike', '3']]);
  });

  it.each([
    ['--trace=circle', '--trace must be one of square, ramp, spike, diurnal, or a CSV file, not circle'],
    ['--trace=./none.csv', 'no such file or directory'],
    ['--label=x', '--label must be NAME=VALUE, not x'],
    ['--label=com.openfaas.scale.min=x', 'labels.com.openfaas.scale.min must be a whole number'],
    ['--start-up=soon', '--start-up must be a duration such as 500ms or 5m, not soon'],
    ['--room=-1', 'It must be a number, not -1'],
    ['--output=xml', 'Allowed choices are table, csv, json, markdown'],
    ['--by=trace', '--by must name what has several values'],
    ['--nonsense', "unknown option '--nonsense'"],
  ])('says what is wrong with %s, in a word', (option, message) => {
    const { status, stdout, stderr } = run(option);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});
