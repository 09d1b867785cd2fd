// Every setting of the node, one row each: its kind, its default, where it can be set and what it does. The parser,
// `--help`, `hermod config-reference` and `hermod check-config` all derive from these rows. The rows of `broker` and
// `history` are held complete by their types. Refuses to know how layers are read and merged.

import { type BridgeRule, readBridgeRule, writeBridgeRule } from '../actors/bridge/bridge.ts';
import { type BrokerOptions, brokerDefaults } from '../actors/broker/broker-options.ts';
import { homeDefaults } from '../actors/node.ts';
import { count, file, host, MiB, none, type Row, row, type Rows } from './rows.ts';
import { chatDoorRows, chatRows } from './chat-settings.ts';
import { clusterDoorRows, clusterRows } from './cluster-settings.ts';
import { gatewayDoorRows, gatewayRows } from './gateway-settings.ts';
import type { HomeLimits } from '../actors/routing/home.actor.ts';
import {
  anyText,
  bytes,
  duration,
  type Kind,
  list,
  oneOf,
  optional,
  origin,
  port,
  portOrOff,
  seconds,
  secret,
  wholeNumber,
  yesOrNo,
} from './values.ts';

const bridgeRule: Kind<BridgeRule> = {
  form: 'a pair as chat/ROOM=broker/TOPIC',
  word: 'pair',
  show: writeBridgeRule,
  read(text) {
    const rule = readBridgeRule(text);
    if (rule !== undefined) return { ok: true, value: rule };
    const problem = `"${text}" joins no two topics`;
    return {
      ok: false,
      problem,
      wayOut: 'Write a pair as chat/ROOM=broker/TOPIC or grip/CHANNEL=broker/TOPIC.',
    };
  },
};
const b = brokerDefaults;
const h = homeDefaults;

export const nodeRows = {
  threads: row<number | undefined>(
    optional(count(256)),
    none,
    'Shards: worker threads, each with its share of the connections and topics.',
    { flag: 'threads', fallbackText: 'the cores, at most 8' },
  ),
  json: row(yesOrNo, false, 'Standard output is one JSON object per line: announcements and log.', {
    flag: 'json',
  }),
};

export const brokerDoorRows = {
  host: row(
    host,
    '127.0.0.1',
    'Where the broker door listens. Elsewhere than on loopback, set auth.',
    { flag: 'host', env: 'HERMOD_HOST' },
  ),
  port: row(
    port,
    443,
    'Its port. When this is not set and 443 cannot be had, the door moves to 8080.',
    { flag: 'port', env: 'WS_PORT' },
  ),
  deflate: row(
    yesOrNo,
    false,
    'Offer permessage-deflate to WebSocket clients: less traffic, more memory and work.',
    { flag: 'deflate', env: 'HERMOD_DEFLATE' },
  ),
  'tls.certFile': row<string | undefined>(
    file,
    none,
    'Certificate chain of the broker door in PEM; read again when it changes.',
    { flag: 'tls-cert', env: 'WS_TLS_CERT' },
  ),
  'tls.keyFile': row<string | undefined>(
    file,
    none,
    'Its private key in PEM; read again when it changes.',
    { flag: 'tls-key', env: 'WS_TLS_KEY' },
  ),
  requireToken: row<boolean | undefined>(
    optional(yesOrNo),
    none,
    'Let in only who shows a valid token.',
    { fallbackText: 'true when auth has a key' },
  ),
};

export const brokerRows: Rows<Omit<BrokerOptions, 'requireToken'>> = {
  connectionsMax: row(
    count(1_000_000),
    b.connectionsMax,
    'Connections of the node, held in equal shares by its shards.',
  ),
  connectionsPerAddressMax: row(
    count(1_000_000),
    b.connectionsPerAddressMax,
    'Connections of one network address, held in equal shares by the shards.',
  ),
  welcome: row(yesOrNo, b.welcome, 'Send the `info` frame when a WebSocket opens.', {
    flag: 'no-welcome',
    env: 'WS_WELCOME',
  }),
  publish: row(
    oneOf('all', 'none'),
    b.publish,
    'Who may publish through this door, as far as tokens allow it.',
    { env: 'WS_PUBLISH' },
  ),
  slowPolicy: row(
    oneOf('disconnect', 'drop-oldest', 'latest-per-topic'),
    b.slowPolicy,
    'What happens to a reader whose queue is full.',
    { flag: 'slow-policy', env: 'HERMOD_SLOW_POLICY' },
  ),
  queueBytesMax: row(
    bytes(1_024, 1_024 * MiB),
    b.queueBytesMax,
    'Queued for one connection beyond its network window.',
  ),
  stallTimeoutMs: row(
    duration(1_000, 3_600_000),
    b.stallTimeoutMs,
    'A full window without progress for so long ends the connection.',
  ),
  subscriptionsMax: row(
    count(1_000_000),
    b.subscriptionsMax,
    'Topics that one connection may follow.',
  ),
  topicLengthMax: row(count(4_096), b.topicLengthMax, 'UTF-16 code units in the name of a topic.'),
  idLengthMax: row(count(4_096), b.idLengthMax, 'UTF-16 code units in the id of a publication.'),
  jsonDepthMax: row(count(10_000), b.jsonDepthMax, 'Levels of nesting in a message.'),
  messageBytesMax: row(bytes(64, 128 * MiB), b.messageBytesMax, 'One WebSocket message.'),
  bodyBytesMax: row(bytes(64, 128 * MiB), b.bodyBytesMax, 'The body of one HTTP request.'),
  batchMax: row(count(4_096), b.batchMax, 'Publications in one `POST /publish`.'),
  sseTopicsMax: row(count(10_000), b.sseTopicsMax, 'Topics of one event stream.'),
  messagesPerSecondMax: row(
    count(10_000_000),
    b.messagesPerSecondMax,
    'Messages that one connection may send in a second.',
  ),
  pingEveryMs: row(duration(1_000, 3_600_000), b.pingEveryMs, 'How often a WebSocket is pinged.'),
  pongTimeoutMs: row(
    duration(1_000, 3_600_000),
    b.pongTimeoutMs,
    'Time for the pong before the connection is given up.',
  ),
  sseKeepAliveMs: row(
    duration(1_000, 3_600_000),
    b.sseKeepAliveMs,
    'How often an event stream gets a comment.',
  ),
  sseRetryMs: row(
    duration(0, 3_600_000),
    b.sseRetryMs,
    'What an event stream tells its client to wait before it comes back.',
  ),
  allowedOrigins: row(
    list(origin),
    b.allowedOrigins,
    'Pages that may use this door from a browser; none set: WebSockets from all, no CORS.',
    { flag: 'allowed-origin', env: 'HERMOD_ALLOWED_ORIGINS' },
  ),
};

export const bridgeRows = {
  topics: row<readonly BridgeRule[]>(
    list(bridgeRule),
    [],
    'Topics of two dialects that are joined, as chat/ROOM=broker/TOPIC or grip/CHANNEL=broker/TOPIC: what is published to one is published to the other.',
    { flag: 'bridge' },
  ),
};

export const historyRows: Rows<HomeLimits> = {
  historyCountMax: row(
    wholeNumber(0, 1_000_000),
    h.historyCountMax,
    'Publications that a topic remembers.',
  ),
  historyBytesMax: row(bytes(0, 1_024 * MiB), h.historyBytesMax, 'Bytes that a topic remembers.'),
  historyAgeMaxMs: row(duration(0, 86_400_000), h.historyAgeMaxMs, 'How long a topic remembers.'),
  dedupeIdsMax: row(
    wholeNumber(0, 1_000_000),
    h.dedupeIdsMax,
    'Publication ids that a topic knows again.',
  ),
  topicsMax: row(
    count(10_000_000),
    h.topicsMax,
    'Topics that the node remembers, in equal shares by shard.',
  ),
  historyBytesTotalMax: row(
    bytes(0, 1_048_576 * MiB),
    h.historyBytesTotalMax,
    'Bytes that the node remembers over all topics, in equal shares by shard.',
  ),
};

export const adminRows = {
  host: row(host, '127.0.0.1', 'Where the admin door listens.', { flag: 'admin-host' }),
  port: row<number | undefined>(
    portOrOff,
    7_998,
    'Its port for /metrics, /healthz and /readyz; `off` for no admin door.',
    { flag: 'admin-port' },
  ),
  'tls.certFile': row<string | undefined>(
    file,
    none,
    'Certificate chain of the admin door in PEM.',
  ),
  'tls.keyFile': row<string | undefined>(file, none, 'Its private key in PEM.'),
};

export const authRows = {
  secret: row<string | undefined>(
    optional(secret('at least 32 bytes')),
    none,
    'Secret of HS256 tokens. Better in a file.',
  ),
  secretFile: row<string | undefined>(
    file,
    none,
    'File with the secret of HS256 tokens; a newline at its end does not count.',
    { flag: 'auth-secret-file' },
  ),
  publicKeyFile: row<string | undefined>(
    file,
    none,
    'Public key in PEM of RS256, ES256 or EdDSA tokens.',
    { flag: 'auth-public-key-file' },
  ),
  jwksFile: row<string | undefined>(
    file,
    none,
    'JSON Web Key Set of RS256, ES256 or EdDSA tokens; read again when it changes.',
    { flag: 'auth-jwks-file' },
  ),
  audience: row<string | undefined>(
    optional(anyText('any text', 'text')),
    none,
    'Tokens must name it in `aud`.',
  ),
  issuer: row<string | undefined>(
    optional(anyText('any text', 'text')),
    none,
    'Tokens must name it in `iss`.',
  ),
  leewaySeconds: row(seconds(0, 600), 30, 'How far the clocks of issuer and node may be apart.'),
};

export const logRows = {
  level: row<'debug' | 'info' | 'warn' | 'error'>(
    oneOf('debug', 'info', 'warn', 'error'),
    'info',
    'The least level that is written.',
    { flag: 'log-level' },
  ),
  format: row<'auto' | 'json' | 'human'>(
    oneOf('auto', 'json', 'human'),
    'auto',
    '`auto` is human on a terminal, else JSON.',
    { flag: 'log-format' },
  ),
};

export const drainRows = {
  spreadMs: row(duration(0, 600_000), 5_000, 'On SIGTERM clients are sent away over this time.'),
  deadlineMs: row(duration(0, 900_000), 10_000, 'The process ends then at the latest.'),
};

/** A row with its names: what the layers are read by. */
export interface Setting extends Row<unknown> {
  /** As in the file, with dots: `broker.tls.certFile`. */
  readonly key: string;
  readonly env: string;
}

/** In the order of the reference. */
export const settings: readonly Setting[] = [
  ...section('', nodeRows),
  ...section('broker.', brokerDoorRows),
  ...section('broker.', brokerRows),
  ...section('gateway.', gatewayDoorRows),
  ...section('gateway.', gatewayRows),
  ...section('bridge.', bridgeRows),
  ...section('chat.', chatDoorRows),
  ...section('chat.', chatRows),
  ...section('cluster.', clusterDoorRows),
  ...section('cluster.', clusterRows),
  ...section('history.', historyRows),
  ...section('admin.', adminRows),
  ...section('auth.', authRows),
  ...section('log.', logRows),
  ...section('drain.', drainRows),
];

// `Kind` reads the very values that it shows, so what a row holds need not be known here.
function section(prefix: string, rows: Readonly<Record<string, Row<unknown>>>): Setting[] {
  return Object.entries(rows).map(([name, found]) => {
    const key = `${prefix}${name}`;
    return { ...found, key, env: found.env ?? variableOf(key) };
  });
}

/** `broker.queueBytesMax` is `HERMOD_BROKER_QUEUE_BYTES_MAX`; a word is not said twice. */
function variableOf(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, '$1_$2').replaceAll('.', '_');
  return `HERMOD_${words.toUpperCase().replace(/^([A-Z]+)_\1_/, '$1_')}`;
}
