/** How Windows starts what is no `.exe`: by the program that reads it. */
const INTERPRETERS: Readonly<Record<string, readonly string[]>> = {
  '.cmd': ['cmd.exe', '/d', '/s', '/c'],
  '.bat': ['cmd.exe', '/d', '/s', '/c'],
  '.ps1': ['powershell.exe', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File'],
};

/** What to start for a command on Windows; elsewhere the kernel knows by itself. */
export function windowsCommand(argv: readonly string[]): readonly string[] {
  const extension = /\.\w+$/.exec(argv[0]!)?.[0].toLowerCase();
  return [...(INTERPRETERS[extension ?? ''] ?? []), ...argv];
}
