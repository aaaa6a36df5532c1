import type { Command } from 'commander';
import type { Terminal } from './terminal';

/** In the order in which the help shows them. */
export const GROUPS = ['Write and deploy', 'Call and look', 'Operate', 'Gateway and account', 'This program'] as const;

export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: (typeof GROUPS)[number];
  /** One line, for the list of all commands. */
  readonly summary: string;
  /** Loaded only when it is used, so that each command starts quickly. */
  readonly load: (terminal: Terminal) => Promise<Command>;
}

/** All commands; the order is that of the help within a group. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'list',
    aliases: ['ls'],
    group: 'Call and look',
    summary: 'list functions',
    load: async (terminal) => (await import('./commands/list')).listCommand(terminal),
  },
  {
    name: 'version',
    group: 'This program',
    summary: "tell this program's version and the gateway's",
    load: async (terminal) => (await import('./commands/version')).versionCommand(terminal),
  },
];
