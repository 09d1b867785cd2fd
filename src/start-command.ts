// The commands that read the settings: `hermod start`, `hermod check-config` and `hermod config-reference`, and the words
// for what is wrong with the settings. Refuses to know how a node runs: that is running-node.ts. Obeys spec/process.md.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type ConfigReading, readConfig } from './config.ts';
import { configFlag, declareFlags, fromFlags, pushpinFlag, routeFlags } from './config/flags.ts';
import { CONFIG_VARIABLE, type Mistake } from './config/layers.ts';
import { readPushpinConf, type PushpinReading } from './config/pushpin/pushpin-conf.ts';
import { referenceTable } from './config/reference.ts';
import { withDrawnPorts } from './drawn-ports.ts';
import { RunningNode } from './running-node.ts';
import { stateProblems } from './transports/cluster/incarnation.ts';
import { peerTlsProblems } from './transports/cluster/peer-tls.ts';
import { readAuth } from './transports/process/auth-files.ts';
import { secretProblems } from './transports/process/cluster-files.ts';
import { passwordProblems } from './transports/process/password-files.ts';
import { readPair } from './transports/process/tls/pairs.ts';
import { version } from './version.ts';

const EXIT_CONFIG = 2;

export function declareStart(command: Command): void {
  declareFlags(command).action((_: unknown, given: Command) => start(given));
}

export function declareCheckConfig(command: Command): void {
  declareFlags(command).action((_: unknown, given: Command) => checkConfig(given));
}

export function declareReference(command: Command): void {
  command.action(() => void process.stdout.write(`${referenceTable()}\n`));
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
