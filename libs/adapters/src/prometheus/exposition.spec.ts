import { exposition, labelsText, series, type Metric } from './exposition';

function counter(name: string, lines: Metric['lines']): Metric {
  return { name, help: `Help of ${name}.`, type: 'counter', lines };
}

async function partsOf(...metrics: readonly Metric[]): Promise<string[]> {
  const parts: string[] = [];
  for await (const part of exposition(metrics)) parts.push(part);
  return parts;
}

describe('exposition()', () => {
  it('writes help, type and series of each metric, also of those that take a moment or have none', async () => {
    const one = counter('one_total', () => [series('one_total', labelsText({ code: 200, function_name: 'a.ns' }), 3)]);
    const later = counter('later_total', async () => [series('later_total', '', 0.5)]);
    const none = counter('none_total', () => []);
    expect((await partsOf(one, later, none)).join('')).toBe(
      '# HELP one_total Help of one_total.\n# TYPE one_total counter\none_total{code="200",function_name="a.ns"} 3\n' +
        '# HELP later_total Help of later_total.\n# TYPE later_total counter\nlater_total 0.5\n' +
        '# HELP none_total Help of none_total.\n# TYPE none_total counter\n',
    );
  });

  it('lets the event loop go on between parts, and breaks no line', async () => {
    let turns = 0;
    const counting = setInterval(() => turns++, 0);
    const line = series('many_total', labelsText({ function_name: 'f'.repeat(100) }), 1);
    const parts = await partsOf(counter('many_total', () => Array.from({ length: 20_000 }, () => line)));
    clearInterval(counting);
    expect(parts.length).toBeGreaterThan(10);
    expect(parts.filter((part) => !part.endsWith('\n') && part !== '')).toEqual([]);
    expect(parts.join('').split('\n')).toHaveLength(20_003);
    expect(turns).toBeGreaterThan(0);
  });

  it('rejects as the lines of a metric do', async () => {
    const broken = counter('broken_total', async () => Promise.reject(new Error('nobody knows')));
    await expect(partsOf(broken)).rejects.toThrow('nobody knows');
  });
});

describe('labelsText()', () => {
  it('escapes what would end a value', () => {
    expect(labelsText({ name: 'a"b\\c\nd' })).toBe('name="a\\"b\\\\c\\nd"');
  });
});
