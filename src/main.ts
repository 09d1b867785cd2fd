// The way in: the command line, and what each of its commands reads before it does anything.
// Refuses to know how a node runs: that is running-node.ts. Obeys spec/process.md.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError } from 'commander';
import { declareChat } from './chat-command.ts';
import { declareCluster } from './cluster-command.ts';
import { type ConfigReading, readConfig } from './config.ts';
import { configFlag, declareFlags, fromFlags, pushpinFlag, routeFlags } from './config/flags.ts';
import { CONFIG_VARIABLE, type Mistake } from './config/layers.ts';
import { readPushpinConf, type PushpinReading } from './config/pushpin/pushpin-conf.ts';
import { referenceTable } from './config/reference.ts';
import { withDrawnPorts } from './drawn-ports.ts';
import { declarePublish, EXIT_PUBLISH } from './publish-command.ts';
import { RunningNode } from './running-node.ts';
import { stateProblems } from './transports/cluster/incarnation.ts';
import { peerTlsProblems } from './transports/cluster/peer-tls.ts';
import { secretProblems } from './transports/process/cluster-files.ts';
import { passwordProblems, readPasswordLine } from './transports/process/password-files.ts';
import { readAuth } from './transports/process/auth-files.ts';
import { readPair } from './transports/process/tls/pairs.ts';

const EXIT_CONFIG = 2;

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('hermod')
    .description('A real-time messaging node.')
    .version(version(), '-v, --version')
    .exitOverride();
  declareFlags(
    program
      .command('start', { isDefault: true })
      .description('Start the node (the default command).'),
  ).action((_: unknown, command: Command) => start(command));
  declareFlags(
    program
      .command('check-config')
      .description('Show the settings in force, or every mistake in them.'),
  ).action((_: unknown, command: Command) => checkConfig(command));
  declarePublish(program.command('publish'));
  declareChat(program.command('chat'));
  declareCluster(program.command('cluster'));
  program
    .command('config-reference')
    .description('Print all settings as a Markdown table.')
    .action(() => void process.stdout.write(`${referenceTable()}\n`));
  program
    .command('hash-password <user>')
    .description('Read a password from standard input; print its line for chat.passwordFile.')
    .action((user: string) => readPasswordLine(user));
  program
    .command('version')
    .description('Print the version.')
    .action(() => void process.stdout.write(`${version()}\n`));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const exitCode = args[0] === 'publish' ? EXIT_PUBLISH : EXIT_CONFIG;
    process.exitCode = error.exitCode === 0 ? 0 : exitCode;
  }
}

function checkConfig(command: Command): void {
  const reading = readSettings(command);
  if (!reading.ok) {
    complain(reading.mistakes);
    return;
  }
  const { options, effective, warnings } = reading;
  if (options.json) {
    const entries = effective.map(({ key, text, from }) => [key, { value: text, from }] as const);
    const line = { event: 'config', settings: Object.fromEntries(entries), warnings };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const width = Math.max(...effective.map(({ key }) => key.length));
  for (const { key, text, from } of effective) {
    const origin = from === 'default' ? '' : `   (${from})`;
    process.stdout.write(`${key.padEnd(width)}  ${text}${origin}\n`);
  }
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
}

/** [PROC-CONF-1] All mistakes at once, one to a line: place, name, problem, way out. */
function complain(mistakes: readonly Mistake[]): void {
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`;
  const lines = mistakes.map(({ file, line, column, key, problem, wayOut }) => {
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    return `  ${place === '' ? '' : `${place}: `}${key}: ${problem}. ${wayOut}`;
  });
  process.stderr.write(`hermod: ${count} in the configuration:\n${lines.join('\n')}\n`);
  process.exitCode = EXIT_CONFIG;
}

function readSettings(command: Command): ConfigReading {
  const flag = configFlag(command);
  const name = (flag === true ? undefined : flag) ?? process.env[CONFIG_VARIABLE];
  return readConfig({
    flags: fromFlags(command),
    env: process.env,
    file: name === undefined || name === '' ? undefined : textOf(name),
    pushpin: pushpinOf(pushpinFlag(command)),
    routeLines: routeFlags(command),
    cores: availableParallelism(),
    checks: {
      tls(files) {
        const reading = readPair(files);
        return reading.ok ? [] : reading.problems;
      },
      auth(settings) {
        const reading = readAuth(settings);
        return reading.ok ? [] : reading.problems;
      },
      passwords: passwordProblems,
      secrets: secretProblems,
      state: stateProblems,
      peerTls: peerTlsProblems,
    },
  });
}

function textOf(name: string): { name: string; text: string } | { name: string; problem: string } {
  try {
    return { name, text: readFileSync(name, 'utf8') };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { name, problem: `cannot be read (${code})` };
  }
}

/** [PROC-GATE-1] The file of a Pushpin whose place is to be taken. */
function pushpinOf(file: string | undefined): PushpinReading | undefined {
  if (file === undefined) return undefined;
  const found = textOf(file);
  if ('text' in found) {
    const include = (path: string): string | undefined => {
      const included = textOf(path);
      return 'text' in included ? included.text : undefined;
    };
    return readPushpinConf({ file, text: found.text, include });
  }
  const wayOut = 'Check the path, and that the user of this process may read the file.';
  const mistake = { file, key: '--pushpin-conf', problem: found.problem, wayOut };
  return { ok: false, mistakes: [mistake], warnings: [] };
}

async function start(command: Command): Promise<void> {
  const reading = readSettings(command);
  if (!reading.ok) {
    complain(reading.mistakes);
    return;
  }
  const options = await withDrawnPorts(reading.options);
  await new RunningNode(options, version()).start(reading.warnings);
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

await main(process.argv.slice(2));
