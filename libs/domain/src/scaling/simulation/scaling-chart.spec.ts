import { drawScalingChart } from './scaling-chart';
import type { SimulatedSecond } from './simulation';

const secondsOf = (count: number, of: (second: number) => Partial<SimulatedSecond>): SimulatedSecond[] =>
  Array.from({ length: count }, (_, second) => ({ second, calls: 0, desired: 0, ready: 0, waiting: 0, ...of(second) }));
const pathOf = (svg: string, name: string) => new RegExp(`<path class="\\w+ ${name}" d="([^"]+)"`).exec(svg)![1]!;
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);

describe('drawScalingChart()', () => {
  it('draws each number as a step that holds for its second', () => {
    const svg = drawScalingChart('t', 'n', secondsOf(4, (second) => ({ calls: second < 2 ? 0 : 40 })));
    const [, flat, x] = /^M64 ([\d.]+)H64V\1H([\d.]+)V/.exec(pathOf(svg, 'load'))!;
    expect(Number(flat)).toBe(72 + 130);
    expect(Number(x)).toBe(64 + (960 - 64 - 16) / 2);
  });

  it('names the axes, and counts time in a unit that suits', () => {
    expect(textsOf(drawScalingChart('Title', 'Note', secondsOf(600, () => ({ calls: 730 }))))).toEqual(
      expect.arrayContaining(['Title', 'Note', 'calls a second', '200', '800', 'replicas', 'ready', 'desired', 'waiting calls', '0', '10', 'minutes']),
    );
    expect(textsOf(drawScalingChart('t', 'n', secondsOf(20, () => ({}))))).toContain('seconds');
    expect(textsOf(drawScalingChart('t', 'n', secondsOf(86_400, () => ({}))))).toEqual(expect.arrayContaining(['24', 'hours']));
  });

  it('loses no peak of a long run, and stays small', () => {
    const svg = drawScalingChart('t', 'n', secondsOf(86_400, (second) => ({ waiting: second === 51_234 ? 100 : 0 })));
    const tops = [...pathOf(svg, 'waiting').matchAll(/V([\d.]+)/g)].map((match) => Number(match[1]));
    expect(Math.max(...tops) - Math.min(...tops)).toBe(130);
    expect(svg.length).toBeLessThan(50_000);
  });

  it('is well-formed whatever the title, and has colours for light and for dark', () => {
    const svg = drawScalingChart('a < b & "c"', '<', secondsOf(1, () => ({})));
    expect(svg).toContain('>a &#60; b &#38; &#34;c&#34;</text>');
    expect(svg).toContain('>&#60;</text>');
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });
});
