// The way in: the command line, by the names of its commands. Of a command's code nothing is loaded before the command is
// called for: most of Hermod is for the node, and whoever publishes or talks waits for none of it.
// Refuses to know what the commands do. Obeys spec/process.md.

import { Command, CommanderError, type Option } from 'commander';
import { version } from './version.ts';

const EXIT_USAGE = 2;
/** As pushpin-publish. */
const EXIT_PUBLISH = 1;
const BY_DEFAULT = 'start';
/** Flags that are asked of no command, but of all. */
const OF_ALL: ReadonlySet<string> = new Set(['-h', '--help', '-v', '--version']);

interface Way {
  readonly description: string;
  /** Adds what the command takes, and what it does. */
  readonly declare: (command: Command) => Promise<void> | void;
}

const ways: ReadonlyMap<string, Way> = new Map(
  Object.entries({
    [BY_DEFAULT]: {
      description: 'Start the node (the default command).',
      declare: async (command) => (await import('./start-command.ts')).declareStart(command),
    },
    'check-config': {
      description: 'Show the settings in force, or every mistake in them.',
      declare: async (command) => (await import('./start-command.ts')).declareCheckConfig(command),
    },
    publish: {
      description: 'Publish a message to the channel of a gateway, or of a Pushpin.',
      declare: async (command) => (await import('./publish-command.ts')).declarePublish(command),
    },
    chat: {
      description: 'Talk in a chat: rooms, direct messages, presence.',
      declare: async (command) => (await import('./chat-command.ts')).declareChat(command),
    },
    cluster: {
      description: 'Look at the cluster that a node is in.',
      declare: async (command) => (await import('./cluster-command.ts')).declareCluster(command),
    },
    'config-reference': {
      description: 'Print all settings as a Markdown table.',
      declare: async (command) => (await import('./start-command.ts')).declareReference(command),
    },
    'hash-password': {
      description: 'Read a password from standard input; print its line for chat.passwordFile.',
      async declare(command) {
        const { readPasswordLine } = await import('./transports/process/password-files.ts');
        command.argument('<user>').action((user: string) => readPasswordLine(user));
      },
    },
    version: {
      description: 'Print the version.',
      declare: (command) => void command.action(() => void process.stdout.write(`${version()}\n`)),
    },
  } satisfies Record<string, Way>),
);

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('hermod')
    .description('A real-time messaging node.')
    .version(version(), '-v, --version')
    .exitOverride()
    .configureHelp({ optionDescription: descriptionOf });
  for (const [name, { description, declare }] of ways) {
    const command = program.command(name, { isDefault: name === BY_DEFAULT });
    command.description(description);
    if (name === calledIn(args)) await declare(command);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const exitCode = args[0] === 'publish' ? EXIT_PUBLISH : EXIT_USAGE;
    process.exitCode = error.exitCode === 0 ? 0 : exitCode;
  }
}

/** Nobody needs to read that a flag which is not given is false, or its list empty. */
function descriptionOf({ description, defaultValue, defaultValueDescription }: Option): string {
  if (typeof defaultValue !== 'number' && typeof defaultValue !== 'string') return description;
  const shown = defaultValueDescription ?? String(defaultValue);
  return shown === '' ? description : `${description} (default: ${shown})`;
}

/** Which command it is that these arguments call, or want help of; none where they ask what there is. */
function calledIn([first = BY_DEFAULT, second]: readonly string[]): string | undefined {
  if (first === 'help') return second;
  if (OF_ALL.has(first)) return undefined;
  return ways.has(first) ? first : BY_DEFAULT;
}

await main(process.argv.slice(2));
