import { windowsCommand } from './windows-command';

describe('windowsCommand()', () => {
  it.each([
    [['tool.exe', '-x'], ['tool.exe', '-x']],
    [['tool'], ['tool']],
    [['C:\\functions\\Greet.CMD', 'a'], ['cmd.exe', '/d', '/s', '/c', 'C:\\functions\\Greet.CMD', 'a']],
    [['greet.bat'], ['cmd.exe', '/d', '/s', '/c', 'greet.bat']],
    [['greet.ps1', 'a'], ['powershell.exe', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', 'greet.ps1', 'a']],
  ])('starts %j', (argv, expected) => {
    expect(windowsCommand(argv)).toEqual(expected);
  });
});
