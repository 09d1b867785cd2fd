// The settings of the gateway, one row each; the same that a `pushpin.conf` gives (see pushpin-conf.ts), under our own
// names. The rows of behaviour are held complete by their type.
// Refuses to know how layers are read and merged.

import {
  type ForwardedForRule,
  gatewayDefaults,
  type GatewayOptions,
} from '../actors/gateway/gateway-options.ts';
import { count, file, host, MiB, none, row, type Rows } from './rows.ts';
import {
  anyText,
  anyTextOrNone,
  bytes,
  duration,
  type Kind,
  list,
  oneOf,
  optional,
  port,
  portOrOff,
  secret,
  wholeNumber,
  yesOrNo,
} from './values.ts';

const g = gatewayDefaults;
const text = anyTextOrNone('any text', 'text');
const spec = anyText('a ZeroMQ address as tcp://127.0.0.1:5560, or off', 'address');

const forwardedForRule: Kind<ForwardedForRule> = {
  form: 'append, or truncate:N',
  word: 'rule',
  show: (rule) => (rule.kind === 'append' ? 'append' : `truncate:${rule.keep}`),
  read(written) {
    if (written === 'append') return { ok: true, value: { kind: 'append' } };
    const keep = /^truncate:(\d{1,4})$/.exec(written)?.[1];
    if (keep !== undefined) return { ok: true, value: { kind: 'truncate', keep: Number(keep) } };
    const problem = `"${written}" is no rule for X-Forwarded-For`;
    return { ok: false, problem, wayOut: 'Write append, or truncate:N.' };
  },
};

export const gatewayDoorRows = {
  routesFile: row<string | undefined>(
    file,
    none,
    'The routes of the gateway, in the syntax of Pushpin; read again when it changes. Without it (and without --route) there is no gateway.',
    { flag: 'routes' },
  ),
  host: row(host, '0.0.0.0', 'Where the gateway listens for clients.', {
    flag: 'gateway-host',
  }),
  port: row(port, 7_999, 'Its port.', { flag: 'gateway-port' }),
  'tls.certFile': row<string | undefined>(
    file,
    none,
    'Certificate chain of the gateway door in PEM; read again when it changes.',
  ),
  'tls.keyFile': row<string | undefined>(file, none, 'Its private key in PEM.'),
  deflate: row(yesOrNo, false, 'Offer permessage-deflate to WebSocket clients.'),
  headBytesMax: row(bytes(1_024, 16 * MiB), 32_768, 'The head of one request.'),
  messageBytesMax: row(bytes(1_024, 128 * MiB), 16 * MiB, 'One WebSocket message.'),
  'control.host': row(host, '127.0.0.1', 'Where publishers are heard by HTTP.'),
  'control.port': row<number | undefined>(
    portOrOff,
    5_561,
    'The port for POST /publish; `off` for none.',
    { flag: 'control-port' },
  ),
  'control.headBytesMax': row(bytes(1_000, 16 * MiB), 10_000, 'The head of one publish.'),
  'control.bodyBytesMax': row(bytes(1_000, 128 * MiB), 1_000_000, 'Its body.'),
  'zmq.pull': row(spec, 'tcp://127.0.0.1:5560', 'PULL socket for items; `off` for none.'),
  'zmq.sub': row<readonly string[]>(
    list(spec),
    ['tcp://127.0.0.1:5562'],
    'SUB socket for items, channel first; `off` for none.',
  ),
  'zmq.subConnects': row(yesOrNo, false, 'The SUB socket connects instead of binding.'),
  'zmq.command': row(spec, 'tcp://127.0.0.1:5563', 'REP socket for commands; `off` for none.'),
  'zmq.stats': row(spec, 'off', 'PUB socket for what happens; `off` for none.'),
};

export const gatewayRows: Rows<GatewayOptions> = {
  sigKey: row(
    optional(secret('a secret, base64:…, or file:…')),
    g.sigKey,
    'Signs requests to origins with Grip-Sig; without it anybody could.',
  ),
  sigIss: row(text, g.sigIss, 'The issuer in that signature.'),
  upstreamKey: row(
    optional(secret('a secret, base64:…, or file:…')),
    g.upstreamKey,
    'Requests signed with it come from a gateway in front of this one, and pass untouched.',
  ),
  isDebug: row(yesOrNo, g.isDebug, 'Answers tell the details of what went wrong.'),
  isCrossOrigin: row(yesOrNo, g.isCrossOrigin, 'Add CORS headers and do JSON-P on every route.'),
  acceptForwardedProtocol: row(
    yesOrNo,
    g.acceptForwardedProtocol,
    'Believe X-Forwarded-Proto of clients.',
  ),
  setForwardedProtocol: row(
    oneOf('none', 'proto-only', 'both'),
    g.setForwardedProtocol,
    'Tell origins that the client came by TLS.',
  ),
  forwardedFor: row(
    list(forwardedForRule),
    g.forwardedFor,
    'What happens to X-Forwarded-For; none: it passes as it is.',
  ),
  forwardedForTrusted: row(
    list(forwardedForRule),
    g.forwardedForTrusted,
    'The same for gateways in front of this one.',
  ),
  origHeadersNeedMark: row(
    list(anyText('a header name', 'header')),
    g.origHeadersNeedMark,
    'Headers that count as the client’s own only when they are marked.',
  ),
  acceptPushpinRoute: row(
    yesOrNo,
    g.acceptPushpinRoute,
    'The header Pushpin-Route names the route by its id.',
  ),
  cdnLoop: row(anyTextOrNone('a token', 'text'), g.cdnLoop, 'Added to CDN-Loop.'),
  sockjsUrl: row(text, g.sockjsUrl, 'The script that SockJS pages load.'),
  logRequests: row(
    yesOrNo,
    g.logRequests,
    'A log line for each request, for each channel that it follows, and for each item that is delivered.',
  ),
  logFrom: row(yesOrNo, g.logFrom, 'Log lines name the client’s address.'),
  logUserAgent: row(yesOrNo, g.logUserAgent, 'Log lines name the client’s User-Agent.'),
  connectionsMax: row(
    count(10_000_000),
    g.connectionsMax,
    'Requests and WebSockets of the gateway at a time, in equal shares by shard.',
  ),
  connectionSubscriptionsMax: row(
    count(100_000),
    g.connectionSubscriptionsMax,
    'Channels that one connection may follow; those beyond are not followed.',
  ),
  keptBodyBytesMax: row(
    bytes(1_000, 128 * MiB),
    g.keptBodyBytesMax,
    'The body of an instruct, and of a request that may have to be asked again.',
  ),
  queueBytesMax: row(
    bytes(1_024, 1_024 * MiB),
    g.queueBytesMax,
    'Queued for one slow client beyond its network window; more ends its connection.',
  ),
  queuedItemsMax: row(
    count(1_000_000),
    g.queuedItemsMax,
    'Items that wait for one client while its origin is asked.',
  ),
  stallTimeoutMs: row(
    duration(1_000, 3_600_000),
    g.stallTimeoutMs,
    'A full window without progress for so long ends the connection.',
  ),
  idleTimeoutMs: row(
    duration(1_000, 86_400_000),
    g.idleTimeoutMs,
    'No byte in either direction for so long ends a connection.',
  ),
  messageWaitMs: row(
    duration(0, 3_600_000),
    g.messageWaitMs,
    'How long an item waits for the one before it.',
  ),
  idCacheTtlMs: row(
    duration(0, 86_400_000),
    g.idCacheTtlMs,
    'How long an item’s id is known again; 0 knows none.',
  ),
  messageRate: row(
    optional(count(1_000_000_000)),
    g.messageRate,
    'Deliveries of a second; not set: as fast as clients take them.',
  ),
  messageHwm: row(
    optional(count(1_000_000_000)),
    g.messageHwm,
    'Deliveries that may wait for their rate; more are dropped, counted and logged.',
  ),
  messageBlockBytes: row(
    optional(wholeNumber(1, 1_000_000_000)),
    g.messageBlockBytes,
    'Size of the blocks that the statistics count.',
  ),
  updateOnFirstSubscription: row(
    yesOrNo,
    g.updateOnFirstSubscription,
    'A second after a channel is followed for the first time, its held requests look at their origin again.',
  ),
  subscriptionLingerMs: row(
    duration(0, 86_400_000),
    g.subscriptionLingerMs,
    'How long a channel outlives its last long-poll.',
  ),
};
