// The settings of the chat, one row each. The rows of behaviour are held complete by their type.
// Refuses to know how layers are read and merged.

import { type BridgeRule, isRoom } from '../actors/bridge/bridge.ts';
import { chatDefaults, type ChatOptions } from '../actors/chat/chat-options.ts';
import type { AuthMethod } from '../actors/codecs/hp/requests.ts';
import { count, file, host, MiB, nodeName, none, row, type Rows, userName } from './rows.ts';
import {
  bytes,
  duration,
  type Kind,
  list,
  oneOf,
  portOrOff,
  wholeNumber,
  yesOrNo,
} from './values.ts';

const c = chatDefaults;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A list in which `none` is a choice, and not the empty list. */
const methods: Kind<readonly AuthMethod[]> = {
  form: 'none, password, token, or several with commas between',
  word: 'method',
  show: (value) => value.join(','),
  read(text) {
    const known = ['none', 'password', 'token'] as const;
    const named = text.split(',').map((part) => part.trim());
    const value = known.filter((method) => named.includes(method));
    if (value.length === new Set(named).size) return { ok: true, value };
    const problem = `"${text}" is no list of ways to prove who one is`;
    return { ok: false, problem, wayOut: 'Write none, password or token, or several with commas.' };
  },
};

export const chatDoorRows = {
  port: row<number | undefined>(
    portOrOff,
    none,
    'The port of the chat (HP over TCP); without it there is no chat. 7500 is usual.',
    { flag: 'chat-port' },
  ),
  host: row(
    host,
    '127.0.0.1',
    'Where the chat listens. Elsewhere than on loopback, set TLS and auth.',
    { flag: 'chat-host' },
  ),
  'tls.certFile': row<string | undefined>(
    file,
    none,
    'Certificate chain of the chat door in PEM; read again when it changes.',
  ),
  'tls.keyFile': row<string | undefined>(file, none, 'Its private key in PEM.'),
  passwordFile: row<string | undefined>(
    file,
    none,
    'Users and their password hashes, one a line, as `hermod hash-password` writes them; read again when they change.',
  ),
};

export const chatRows: Rows<ChatOptions> = {
  node: row(nodeName, c.node, 'What this node is called.'),
  cluster: row(nodeName, c.cluster, 'What its cluster is called.'),
  envelope: row(
    oneOf('strict', 'lenient'),
    c.envelope,
    '`lenient` lets clients leave out id, timestamp, source and payload.',
    { flag: 'chat-envelope' },
  ),
  auth: row(methods, c.auth, 'How users prove who they are; `none` believes everybody.'),
  allowPlaintext: row(
    yesOrNo,
    c.allowPlaintext,
    'Take passwords and tokens without TLS from elsewhere than loopback.',
  ),
  sessionPolicy: row(
    oneOf('multi', 'replace', 'reject'),
    c.sessionPolicy,
    'What happens when a user logs in who is here already.',
  ),
  admins: row(list(userName), c.admins, 'Users who may ask for STATS.'),
  connectionsMax: row(
    count(10_000_000),
    c.connectionsMax,
    'Connections of the chat at a time, in equal shares by shard.',
  ),
  connectionsPerAddressMax: row(
    count(10_000_000),
    c.connectionsPerAddressMax,
    'Of them from one network address, on each shard; loopback is exempt.',
  ),
  arrivalsPerAddressMax: row(
    count(10_000_000),
    c.arrivalsPerAddressMax,
    'New connections from one network address in a window, on each shard; loopback is exempt.',
  ),
  arrivalsWindowMs: row(duration(1, DAY), c.arrivalsWindowMs, 'How long that window is.'),
  lineBytesMax: row(bytes(4_096, 16 * MiB), c.lineBytesMax, 'One line, its newline counted.'),
  loginLineBytesMax: row(
    bytes(1_024, 16 * MiB),
    c.loginLineBytesMax,
    'One line before anybody has logged in.',
  ),
  bodyBytesMax: row(bytes(1, 8 * MiB), c.bodyBytesMax, 'The body of one message.'),
  roomsPerSessionMax: row(count(100_000), c.roomsPerSessionMax, 'Rooms of one session.'),
  sessionsPerUserMax: row(count(100_000), c.sessionsPerUserMax, 'Sessions of one user.'),
  watchedUsersMax: row(
    count(1_000_000),
    c.watchedUsersMax,
    'Users whose presence one session may follow.',
  ),
  messagesPerSecondMax: row(
    count(1_000_000),
    c.messagesPerSecondMax,
    'Messages of one session, sustained.',
  ),
  messagesBurstMax: row(count(1_000_000), c.messagesBurstMax, 'And so many at once.'),
  joinsPerSecondMax: row(count(1_000_000), c.joinsPerSecondMax, 'Rooms joined, of one session.'),
  bridgedPerSecondMax: row(
    count(1_000_000),
    c.bridgedPerSecondMax,
    'Messages over bridges into one room, on each node; more do not pass.',
  ),
  presenceEveryMs: row(
    duration(1, HOUR),
    c.presenceEveryMs,
    'A session changes its status no more often.',
  ),
  bytesPerSecondMax: row(
    bytes(1_024, 1_024 * MiB),
    c.bytesPerSecondMax,
    'Read from one connection, sustained; what is more waits in the network.',
  ),
  bytesBurstMax: row(bytes(1_024, 1_024 * MiB), c.bytesBurstMax, 'And so much at once.'),
  queueBytesMax: row(
    bytes(1_024, 1_024 * MiB),
    c.queueBytesMax,
    'Queued for one slow client beyond its network window; more ends its connection.',
  ),
  stallTimeoutMs: row(
    duration(1_000, HOUR),
    c.stallTimeoutMs,
    'A full window without progress for so long ends the connection.',
  ),
  loginTimeoutMs: row(duration(100, HOUR), c.loginTimeoutMs, 'Time to log in.'),
  failedLoginsMax: row(
    count(1_000),
    c.failedLoginsMax,
    'Logins that may fail on one connection; the last of them ends it.',
  ),
  wrongPasswordsPerMinuteMax: row(
    count(1_000),
    c.wrongPasswordsPerMinuteMax,
    'Wrong passwords for one user from one address; then none is looked at.',
  ),
  pingEveryMs: row(duration(100, HOUR), c.pingEveryMs, 'Silence before a client is pinged.'),
  pingTimeoutMs: row(duration(200, HOUR), c.pingTimeoutMs, 'Silence that ends a connection.'),
  resumeWindowMs: row(
    duration(0, HOUR),
    c.resumeWindowMs,
    'How long a client that lost its connection may come back to its session.',
  ),
  resumeMessagesMax: row(
    count(1_000_000),
    c.resumeMessagesMax,
    'Direct messages that wait for it; with more its session ends.',
  ),
  resumeBytesMax: row(bytes(1_024, 1_024 * MiB), c.resumeBytesMax, 'And so many bytes of them.'),
  offlineMessagesMax: row(
    wholeNumber(0, 1_000_000),
    c.offlineMessagesMax,
    'Messages that wait for a user who is not here; 0 keeps none.',
  ),
  offlineBytesTotalMax: row(
    bytes(0, 1_048_576 * MiB),
    c.offlineBytesTotalMax,
    'Bytes of them over all users of the node, in equal shares by shard.',
  ),
  offlineAgeMaxMs: row(duration(1_000, 90 * DAY), c.offlineAgeMaxMs, 'And for how long.'),
  historyMax: row(count(1_000_000), c.historyMax, 'Messages that a room remembers.'),
  historyBytesTotalMax: row(
    bytes(0, 1_048_576 * MiB),
    c.historyBytesTotalMax,
    'Bytes of them over all rooms of the node, and as many of direct messages, in equal shares by shard.',
  ),
  roomsMax: row(count(10_000_000), c.roomsMax, 'Rooms of the node, in equal shares by shard.'),
  roomMembersMax: row(count(10_000_000), c.roomMembersMax, 'Sessions in one room.'),
  roomEventsMax: row(
    count(10_000_000),
    c.roomEventsMax,
    'With more members, nobody’s coming and going is told.',
  ),
  emptyRoomMs: row(duration(0, 90 * DAY), c.emptyRoomMs, 'How long an empty room is remembered.'),
  dedupeMs: row(duration(0, DAY), c.dedupeMs, 'How long a message’s id is known again.'),
  dedupeIdsMax: row(count(10_000_000), c.dedupeIdsMax, 'Such ids of each room and user.'),
  answerTimeoutMs: row(
    duration(100, HOUR),
    c.answerTimeoutMs,
    'How long a request may take inside the node.',
  ),
};

/** [BRIDGE-12] */
export function bridgeMistakes(
  rules: readonly BridgeRule[],
  port: number | undefined,
): readonly ChatMistake[] {
  if (port !== undefined || !rules.some(({ one, other }) => isRoom(one) || isRoom(other)))
    return [];
  const problem = 'bridge.topics joins a room, and there is no chat';
  return [{ keys: ['bridge.topics'], problem, wayOut: 'Set chat.port.' }];
}

interface PasswordCheck {
  passwords(
    file: string,
  ): readonly { readonly key: string; readonly problem: string; readonly wayOut: string }[];
}

interface ChatMistake {
  readonly keys: readonly string[];
  readonly problem: string;
  readonly wayOut: string;
}

/** What only shows beside other settings, or inside the file. */
export function chatMistakes(
  { auth, pingEveryMs, pingTimeoutMs, lineBytesMax, bodyBytesMax }: ChatOptions,
  passwordFile: string | undefined,
  canVerifyTokens: boolean,
  checks: PasswordCheck,
): readonly ChatMistake[] {
  const found: ChatMistake[] = [];
  const refuse = (keys: readonly string[], problem: string, wayOut: string): void => {
    found.push({ keys: keys.map((key) => `chat.${key}`), problem, wayOut });
  };
  if (auth.includes('password') && passwordFile === undefined)
    refuse(['auth'], 'takes passwords without a file of them', 'Set chat.passwordFile.');
  if (auth.includes('token') && !canVerifyTokens) {
    const wayOut = 'Set auth.secretFile, auth.publicKeyFile or auth.jwksFile.';
    refuse(['auth'], 'takes tokens without a key to verify them with', wayOut);
  }
  if (pingTimeoutMs <= pingEveryMs) {
    const problem = 'chat.pingTimeoutMs is not longer than chat.pingEveryMs';
    refuse(['pingTimeoutMs', 'pingEveryMs'], problem, 'A client must have time to answer.');
  }
  if (bodyBytesMax >= lineBytesMax) {
    const problem = 'chat.bodyBytesMax does not fit into chat.lineBytesMax';
    refuse(['bodyBytesMax', 'lineBytesMax'], problem, 'A line holds a body and its envelope.');
  }
  if (passwordFile === undefined) return found;
  for (const { key, problem, wayOut } of checks.passwords(passwordFile))
    refuse([key], problem, wayOut);
  return found;
}
