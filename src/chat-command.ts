// The command `hermod chat`: who wants to talk, where and how. Reads what its options name, and turns the end of the stay
// into an exit code. Refuses to know the protocol. Obeys spec/process.md, section "Chat client".

import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { isRoomName, isUserName } from './actors/codecs/hp/names.ts';
import { Link, type LinkOptions, type Outcome, placeIn } from './client/link.ts';
import { complain, speakPlain, tellPlain } from './client/pipes.ts';
import type { Credentials, Stay } from './client/stay.ts';
import { askSecret, Terminal } from './client/terminal.ts';

const EXIT_UNREACHABLE = 1;
const EXIT_USAGE = 2;
const EXIT_NOT_LET_IN = 3;
const EXIT_NOT_ALL_SAID = 4;
/** As shells name the end by SIGPIPE. */
const EXIT_NOBODY_READS = 141;
const GIVE_UP_PLAIN_SECONDS = 60;
/** For the last word, when a signal ends the process. */
const LAST_WORD_MS = 1_000;

interface Options {
  readonly host: string;
  readonly port: number;
  readonly also: readonly { readonly host: string; readonly port: number }[];
  readonly user?: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly room: readonly string[];
  readonly to?: string;
  readonly history?: number;
  readonly plain: boolean;
  readonly commands: boolean;
  readonly listen: boolean;
  readonly giveUpAfter?: number;
  readonly tls: boolean;
  readonly caFile?: string;
}

export function declareChat(command: Command): void {
  command
    .option('--host <host>', 'Where the server is', '127.0.0.1')
    .option('--port <port>', 'The port of its chat', portOf, 7_500)
    .option(
      '--also <host:port>',
      'Another node of the same chat, for when the first is gone',
      alsoOf,
      [],
    )
    .option('-u, --user <name>', 'Who you are (default: as this machine calls you)', userOf)
    .option('--password-file <file>', 'Prove it by the password in the first line of the file')
    .option('--token-file <file>', 'Prove it by the token in the file')
    .option('-r, --room <name>', 'Join a room; may be given again', roomsOf, [])
    .option('--to <user>', 'Say what is typed to this user, instead of in a room', userOf)
    .option('--history <count>', 'Of each room, first show so many messages', countOf)
    .option('--plain', 'For pipes: a line of input is a message, a line of output an event', false)
    .option('--commands', 'With --plain: lines that begin with / are commands', false)
    .option('--listen', 'With --plain: read no input, and stay', false)
    .option(
      '--give-up-after <seconds>',
      'Of a server that is gone (default: 60 with --plain)',
      countOf,
    )
    .option('--tls', 'Speak TLS', false)
    .option('--ca-file <file>', 'Trust the authorities in this file, in PEM; speaks TLS')
    .addHelpText('after', EXITS)
    .action((options: Options) => chat(options));
}

const EXITS = `
Exit status: 0 everything that was typed is acknowledged, 1 the server cannot be reached, 2 the command line is wrong,
3 the server does not let the user in, 4 the server refused some of what was typed.`;

async function chat(options: Options): Promise<void> {
  const isPlain = options.plain || !process.stdin.isTTY || !process.stdout.isTTY;
  const reading = readStay(options, isPlain);
  if (typeof reading === 'string') {
    complain(reading);
    process.exitCode = EXIT_USAGE;
    return;
  }
  const { place, ...wish } = reading;
  if (!isPlain) {
    const outcome = await talk(wish, place);
    process.exitCode ??= exitCodeOf(outcome, 0);
    return;
  }
  const link = new Link({ ...wish, tell: tellPlain });
  const { conversation } = link;
  // Nobody types: whoever stops reading has had everything.
  leaveOnSignals(link, () => options.listen || conversation.hasSaidAll);
  if (!options.listen)
    speakPlain(process.stdin, conversation, { place, obeysCommands: options.commands });
  const outcome = await link.outcome;
  if (!options.listen) process.stdin.destroy();
  process.exitCode ??= exitCodeOf(outcome, conversation.refusals);
}

/** At a terminal. Where the server wants a proof and none was given, the person is asked for a password. */
async function talk(wish: Omit<LinkOptions, 'tell'>, place: string | undefined): Promise<Outcome> {
  const terminal = new Terminal(place);
  const link = new Link({ ...wish, tell: (happening) => terminal.tell(happening) });
  leaveOnSignals(link, () => link.conversation.hasSaidAll);
  terminal.listen(link.conversation);
  const outcome = await link.outcome;
  terminal.close();
  if (outcome.kind !== 'refused' || outcome.code !== 'AUTH_REQUIRED') return outcome;
  const password = await askSecret(`Password of ${wish.stay.user}: `);
  if (password === '') return outcome;
  const credentials = { method: 'password', password } as const;
  return talk({ ...wish, stay: { ...wish.stay, credentials } }, place);
}

/** [PROC-CLIENT-1] */
function exitCodeOf(outcome: Outcome, refusals: number): number {
  if (outcome.kind === 'done') return refusals === 0 ? 0 : EXIT_NOT_ALL_SAID;
  complain(outcome.kind === 'refused' ? `${outcome.code}: ${outcome.text}` : outcome.text);
  return outcome.kind === 'refused' ? EXIT_NOT_LET_IN : EXIT_UNREACHABLE;
}

function leaveOnSignals({ conversation, outcome }: Link, hasSaidAll: () => boolean): void {
  const leave = (code: number): void => {
    process.exitCode = code;
    conversation.leaveNow();
    setTimeout(() => process.exit(code), LAST_WORD_MS).unref();
    void outcome.then(() => process.exit(code));
  };
  process.once('SIGINT', () => leave(130));
  process.once('SIGTERM', () => leave(143));
  // Whoever read the output has gone: there is nobody to tell anything, now and with whatever follows.
  process.stdout.on('error', () => {
    if (process.exitCode !== undefined) return;
    leave(hasSaidAll() ? exitCodeOf({ kind: 'done' }, conversation.refusals) : EXIT_NOBODY_READS);
  });
  process.stderr.on('error', () => {});
}

type Reading = Omit<LinkOptions, 'tell'> & { readonly place: string | undefined };

function readStay(options: Options, isPlain: boolean): Reading | string {
  const { host, port, also, room: rooms, to, giveUpAfter, caFile } = options;
  const user = options.user ?? userInfo().username;
  if (!isUserName(user)) return `"${user}" is no name that a chat could know you by: --user NAME`;
  const credentials = readCredentials(options);
  if (typeof credentials === 'string') return credentials;
  const ca = caFile === undefined ? undefined : readText(caFile);
  if (ca?.ok === false) return ca.problem;
  const seconds = giveUpAfter ?? (isPlain ? GIVE_UP_PLAIN_SECONDS : undefined);
  const tls = options.tls || ca !== undefined ? { ca: ca?.text } : undefined;
  const stay: Stay = {
    ...{ user, credentials, rooms },
    historyMax: Math.min(100, options.history ?? (isPlain ? 0 : 10)),
  };
  return {
    addresses: [{ host, port }, ...also].map((one) => ({ ...one, tls })),
    stay,
    giveUpMs: seconds === undefined ? undefined : seconds * 1_000,
    isFirstCallFinal: giveUpAfter === undefined,
    place: to === undefined ? rooms.at(-1) : `@${to}`,
  };
}

/** [PROC-CLIENT-8] */
function readCredentials({ passwordFile, tokenFile }: Options): Credentials | string {
  if (passwordFile !== undefined && tokenFile !== undefined)
    return 'give either --password-file or --token-file, not both';
  const file = passwordFile ?? tokenFile;
  if (file === undefined) return { method: 'none' };
  const reading = readText(file);
  if (!reading.ok) return reading.problem;
  const [secret = ''] = reading.text.split(/\r?\n/, 1);
  if (secret.trim() === '') return `"${file}" is empty`;
  return passwordFile === undefined
    ? { method: 'token', token: secret.trim() }
    : { method: 'password', password: secret };
}

function readText(
  file: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string } {
  try {
    return { ok: true, text: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { ok: false, problem: `"${file}" cannot be read (${code})` };
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 1 to 65535.');
}

function alsoOf(
  text: string,
  before: readonly { host: string; port: number }[],
): readonly { host: string; port: number }[] {
  const place = placeIn(text);
  if (place === undefined) throw new InvalidArgumentError('An address is HOST:PORT.');
  return [...before, place];
}

function countOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('This is a whole number.');
}

function userOf(text: string): string {
  if (isUserName(text)) return text;
  throw new InvalidArgumentError('A user is called by 1 to 32 letters, digits, and . _ -');
}

function roomsOf(text: string, before: readonly string[]): readonly string[] {
  if (isRoomName(text)) return [...before, text];
  throw new InvalidArgumentError('A room is called by 1 to 64 small letters, digits, and . _ -');
}
