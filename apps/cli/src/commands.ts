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
  /** Whether it looks at all the others, which are loaded too then. */
  readonly looksAtAll?: boolean;
}

/** All commands; the order is that of the help within a group. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'new',
    group: 'Write and deploy',
    summary: 'make a function from a template',
    load: async (terminal) => (await import('./commands/new')).newCommand(terminal),
  },
  {
    name: 'up',
    group: 'Write and deploy',
    summary: 'build, push if it must, and deploy; --watch goes on at every save',
    load: async (terminal) => (await import('./commands/up')).upCommand(terminal),
  },
  {
    name: 'build',
    group: 'Write and deploy',
    summary: 'build functions: images, or with --bundle folders that need no container engine',
    load: async (terminal) => (await import('./commands/build')).buildCommand(terminal),
  },
  {
    name: 'push',
    group: 'Write and deploy',
    summary: 'push built images to their registries',
    load: async (terminal) => (await import('./commands/push')).pushCommand(terminal),
  },
  {
    name: 'publish',
    group: 'Write and deploy',
    summary: 'build images for several platforms, and push them',
    load: async (terminal) => (await import('./commands/publish')).publishCommand(terminal),
  },
  {
    name: 'deploy',
    group: 'Write and deploy',
    summary: 'deploy functions that are built',
    load: async (terminal) => (await import('./commands/deploy')).deployCommand(terminal),
  },
  {
    name: 'remove',
    aliases: ['rm', 'delete'],
    group: 'Write and deploy',
    summary: 'remove functions',
    load: async (terminal) => (await import('./commands/remove')).removeCommand(terminal),
  },
  {
    name: 'local-run',
    group: 'Write and deploy',
    summary: 'run a function here, without a gateway',
    load: async (terminal) => (await import('./commands/local-run')).localRunCommand(terminal),
  },
  {
    name: 'generate',
    group: 'Write and deploy',
    summary: 'write manifests for Kubernetes and Docker Swarm',
    load: async (terminal) => (await import('./commands/generate')).generateCommand(terminal),
  },
  {
    name: 'template',
    group: 'Write and deploy',
    summary: 'list and fetch templates',
    load: async (terminal) => (await import('./commands/template')).templateCommand(terminal),
  },
  {
    name: 'store',
    group: 'Write and deploy',
    summary: 'find and deploy ready-made functions',
    load: async (terminal) => (await import('./commands/store')).storeCommand(terminal),
  },
  {
    name: 'list',
    aliases: ['ls'],
    group: 'Call and look',
    summary: 'list functions',
    load: async (terminal) => (await import('./commands/list')).listCommand(terminal),
  },
  {
    name: 'describe',
    group: 'Call and look',
    summary: 'tell all about a function',
    load: async (terminal) => (await import('./commands/describe')).describeCommand(terminal),
  },
  {
    name: 'invoke',
    group: 'Call and look',
    summary: 'call a function; standard input is the body',
    load: async (terminal) => (await import('./commands/invoke')).invokeCommand(terminal),
  },
  {
    name: 'logs',
    group: 'Call and look',
    summary: 'read and follow the log of a function',
    load: async (terminal) => (await import('./commands/logs')).logsCommand(terminal),
  },
  {
    name: 'scale',
    group: 'Operate',
    summary: 'set how many replicas a function has',
    load: async (terminal) => (await import('./commands/scale')).scaleCommand(terminal),
  },
  {
    name: 'scaling',
    group: 'Operate',
    summary: 'explain the replicas of a function',
    load: async (terminal) => (await import('./commands/scaling')).scalingCommand(terminal),
  },
  {
    name: 'simulate',
    group: 'Operate',
    summary: 'rehearse a scaling policy with a made-up load',
    load: async (terminal) => (await import('./commands/simulate')).simulateCommand(terminal),
  },
  {
    name: 'queue',
    group: 'Operate',
    summary: 'look after calls that run later',
    load: async (terminal) => (await import('./commands/queue')).queueCommand(terminal),
  },
  {
    name: 'secret',
    group: 'Operate',
    summary: 'create, replace, list and remove secrets',
    load: async (terminal) => (await import('./commands/secret')).secretCommand(terminal),
  },
  {
    name: 'namespaces',
    aliases: ['ns'],
    group: 'Operate',
    summary: 'list namespaces',
    load: async (terminal) => (await import('./commands/namespaces')).namespacesCommand(terminal),
  },
  {
    name: 'namespace',
    group: 'Operate',
    summary: 'create, change and remove namespaces',
    load: async (terminal) => (await import('./commands/namespace')).namespaceCommand(terminal),
  },
  {
    name: 'backup',
    group: 'Operate',
    summary: 'write functions, secrets and queue of a gateway to a file',
    load: async (terminal) => (await import('./commands/backup')).backupCommand(terminal),
  },
  {
    name: 'restore',
    group: 'Operate',
    summary: 'make a data directory of such a file',
    load: async (terminal) => (await import('./commands/restore')).restoreCommand(terminal),
  },
  {
    name: 'login',
    group: 'Gateway and account',
    summary: 'keep user and password for a gateway',
    load: async (terminal) => (await import('./commands/login')).loginCommand(terminal),
  },
  {
    name: 'logout',
    group: 'Gateway and account',
    summary: 'forget them',
    load: async (terminal) => (await import('./commands/logout')).logoutCommand(terminal),
  },
  {
    name: 'ready',
    group: 'Gateway and account',
    summary: 'wait until a gateway, or a function, is ready',
    load: async (terminal) => (await import('./commands/ready')).readyCommand(terminal),
  },
  {
    name: 'registry-login',
    group: 'Gateway and account',
    summary: 'write credentials of an image registry',
    load: async (terminal) => (await import('./commands/registry-login')).registryLoginCommand(terminal),
  },
  {
    name: 'doctor',
    group: 'This program',
    summary: 'tell what is here, what is missing, and what to do',
    load: async (terminal) => (await import('./commands/doctor')).doctorCommand(terminal),
  },
  {
    name: 'version',
    group: 'This program',
    summary: "tell this program's version and the gateway's",
    load: async (terminal) => (await import('./commands/version')).versionCommand(terminal),
  },
  {
    name: 'completion',
    group: 'This program',
    summary: 'write completion for bash, zsh or fish',
    load: async (terminal) => (await import('./commands/completion')).completionCommand(terminal),
    looksAtAll: true,
  },
];
