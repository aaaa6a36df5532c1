import { Command } from 'commander';
import { goSwitches, withSwitch } from './switches';

/** What a command makes of its arguments. */
function optionsOf(...args: readonly string[]): object {
  const command = new Command('x').option('-q, --quiet').option('--name <name>').argument('[rest...]');
  withSwitch(command, 'trim', 'keep space', true);
  withSwitch(command, 'read-only', 'write nothing');
  return command.parse(goSwitches(command, args), { from: 'user' }).opts();
}

describe('withSwitch(), goSwitches()', () => {
  it.each([
    [[], { trim: true, readOnly: false }],
    [['--no-trim', '--read-only'], { trim: false, readOnly: true }],
    [['--trim=false', '--read-only=true'], { trim: false, readOnly: true }],
    [['--trim=0', '--read-only=T'], { trim: false, readOnly: true }],
    [['--no-read-only', '--trim'], { trim: true, readOnly: false }],
    [['--quiet=true'], { trim: true, readOnly: false, quiet: true }],
    [['-q=1'], { trim: true, readOnly: false, quiet: true }],
    [['-q=false', '--quiet=f'], { trim: true, readOnly: false }],
    [['--name=false'], { trim: true, readOnly: false, name: 'false' }],
    [['--', '--trim=false'], { trim: true, readOnly: false }],
  ])('%j', (args, options) => {
    expect(optionsOf(...args)).toEqual(options);
  });

  it('show only the one that changes something', () => {
    const command = withSwitch(withSwitch(new Command('x'), 'trim', 'keep space', true), 'wait', 'wait for it');
    expect(command.helpInformation()).toMatch(/--no-trim +keep space\n +--wait +wait for it\b/);
  });

  it('finds those of commands within', () => {
    const inner = withSwitch(new Command('inner'), 'trim', '', true);
    expect(goSwitches(new Command('x').addCommand(inner), ['inner', '--trim=false'])).toEqual(['inner', '--no-trim']);
  });
});
