import { Command } from 'commander';
import { listOption, pairOption } from './pair-option';

const parse = (...args: string[]) => {
  const command = new Command('test')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addOption(pairOption('-l, --label <key=value>', 'a label'))
    .addOption(pairOption('-e, --env <key=value>', 'a variable', { needsValue: true }))
    .addOption(listOption('--secret <name>', 'a secret'));
  return command.parse(args, { from: 'user' }).opts();
};

it('pairOption() gathers pairs, and the later one of a key wins', () => {
  expect(parse('-l', 'a=1', '--label=b=c=d', '-l', 'a=2', '-l', 'e=').label).toEqual({ a: '2', b: 'c=d', e: '' });
  expect(parse()).toEqual({});
});

it.each(['a', '=a', ''])('pairOption() refuses %j', (text) => {
  expect(() => parse('-l', text)).toThrow(expect.objectContaining({ reason: 'usage', message: '--label must be KEY=VALUE' }));
});

it('pairOption() with needsValue refuses an empty value', () => {
  expect(() => parse('-e', 'A=')).toThrow('--env A= has no value');
});

it('listOption() keeps the order', () => {
  expect(parse('--secret', 'b', '--secret', 'a').secret).toEqual(['b', 'a']);
});
