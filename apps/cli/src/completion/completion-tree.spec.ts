import { Command, Option } from 'commander';
import { completionTree, flattenTree } from './completion-tree';

describe('completionTree()', () => {
  const program = new Command('shoal').addCommand(
    new Command('secret')
      .alias('s')
      .summary('keep secrets')
      .addCommand(new Command('create').argument('<name>').option('--from-file <file>', 'read it from there').option('--into <folder>').addOption(new Option('--hidden').hideHelp())),
  );
  const [, secret, create] = flattenTree(completionTree(program));

  it('names the commands below a command by the words that lead to them', () => {
    expect(secret).toMatchObject({ path: 'secret', names: ['secret', 's'], summary: 'keep secrets' });
    expect(create).toMatchObject({ path: 'secret create', names: ['create'], argument: 'text' });
  });

  it('tells from its placeholder what the value of a flag is, and leaves hidden flags out', () => {
    expect(create!.flags.map(({ names, value }) => [...names, value])).toEqual([
      ['--from-file', 'file'],
      ['--into', 'folder'],
      ['--help', '-h', undefined],
    ]);
  });
});
