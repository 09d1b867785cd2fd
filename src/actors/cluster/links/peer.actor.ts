// One connection to another node: shakes hands with mutual proof, then passes messages on in both directions, heartbeats
// before everything else. Whether a link is wanted is decided by the keeper of members.
// Refuses to know what messages mean, other links, and who is alive. Obeys spec/hp-peer.md, sections "Links" and "Proof";
// its life is peer.machine.ts.

import { isBlank, LineSplitter, looksLikeHttp } from '../../codecs/hp/line-splitter.ts';
import { encodePeerLine, readPeerLine } from '../../codecs/hp-peer/peer-lines.ts';
import type { MemberTold, PeerMessage, PeerMessageOf } from '../../codecs/hp-peer/peer-messages.ts';
import { isProved, proofOf, type Role, type Transcript } from '../../codecs/hp-peer/proof.ts';
import { base64Url } from '../../codecs/hp-peer/sha256.ts';
import { type ActorDefinition, type Address, assert, type Context } from '../../runtime/actor.ts';
import type { ConnectionEvent, Receipt } from '../../runtime/edges.ts';
import type { TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import { CAPS, type ClusterContext } from '../cluster-options.ts';
import { peerLife, type PeerEvent, type PeerState } from './peer.machine.ts';
import { Spout } from './spout.ts';

/** What the keeper of members hears of a link. */
export type PeerReport =
  | {
      readonly type: 'linkProved';
      readonly link: number;
      readonly address: Address<PeerOrder>;
      readonly role: Role;
      readonly node: string;
      readonly incarnation: number;
      readonly addr: string;
      readonly caps: readonly string[];
      /** The initiator is told them with the welcome. */
      readonly members: readonly MemberTold[];
      /** Seconds by which the other clock is ahead. */
      readonly skewSeconds: number;
    }
  | { readonly type: 'linkHeard'; readonly link: number; readonly message: PeerMessage }
  | {
      readonly type: 'linkClosed';
      readonly link: number;
      /** Who it was, where that was proved. */
      readonly node: string | undefined;
      /** The code of the error that ended it, from either side. */
      readonly code: string | undefined;
      /** Comes with `STALE_INCARNATION`: the life that is known. */
      readonly known: number | undefined;
    };

/** What the keeper of members says to a link. */
export type PeerOrder =
  | { readonly type: 'welcome'; readonly members: readonly MemberTold[] }
  | { readonly type: 'say'; readonly message: PeerMessage; readonly isUrgent: boolean }
  | {
      readonly type: 'endLink';
      readonly code: string;
      readonly message: string;
      readonly known?: number;
    };

export type PeerActorMessage = ConnectionEvent | Receipt | PeerOrder;

export interface PeerArgs {
  readonly cluster: ClusterContext;
  readonly link: number;
  readonly role: Role;
  readonly opened: TcpOpened;
  readonly members: Address<PeerReport>;
}

interface PeerStay {
  readonly args: PeerArgs;
  readonly splitter: LineSplitter;
  readonly spout: Spout;
  readonly nonce: string;
  life: PeerState;
  said: Transcript | undefined;
  /** Its key, by the name that both use. */
  keyId: string;
  other: { node: string; incarnation: number; addr: string; caps: readonly string[] } | undefined;
  skewSeconds: number;
  isFirstLine: boolean;
}

type Turn = Context<PeerActorMessage>;

export const peerActor: ActorDefinition<PeerArgs, PeerStay, PeerActorMessage> = {
  kind: 'cluster/peer',
  mailboxMax: 100_000,
  onFailure: 'stop',
  start(args, context) {
    const { cluster, opened, role } = args;
    const { options, edges } = cluster;
    const { connection } = opened;
    const owner = context.self;
    context.send(edges.tcp, { type: 'own', connection, owner, receiptsTo: owner });
    context.after('handshake', options.handshakeTimeoutMs);
    const stay: PeerStay = {
      args,
      splitter: new LineSplitter(options.helloLineBytesMax),
      spout: new Spout(connection, edges.web, options.linkQueueBytesMax),
      nonce: nonceOf(opened, context),
      life: peerLife.initial,
      ...{ said: undefined, keyId: options.keys[0]?.id ?? '', other: undefined, skewSeconds: 0 },
      isFirstLine: true,
    };
    if (role === 'initiator') hello(stay, context);
    return stay;
  },
  receive(stay, message, context) {
    switch (message.type) {
      case 'messageReceived':
        stay.splitter.push(message.payload as Uint8Array);
        read(stay, context);
        return;
      case 'receipt':
        stay.spout.receipt(message.bytes, context);
        return;
      case 'say':
        if (stay.life === 'up') say(stay, message.message, context, message.isUrgent);
        return;
      case 'welcome':
        welcome(stay, message.members, context);
        return;
      case 'endLink':
        refuse(stay, message.code, message.message, context, message.known);
        return;
      case 'closeReceived':
      case 'closed':
        end(stay, undefined, undefined, context);
        return;
      case 'timedOut':
        if (message.name === 'handshake' && stay.life !== 'up')
          refuse(stay, 'TIMEOUT', 'The handshake takes too long.', context);
        return;
      case 'pingReceived':
      case 'pongReceived':
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
  lastWords({ args }, context) {
    const { connection } = args.opened;
    context.send(args.cluster.edges.web, { type: 'cut', connection });
    const { link } = args;
    const told = { code: 'INTERNAL', known: undefined, node: undefined };
    context.send(args.members, { type: 'linkClosed', link, ...told });
  },
};

/** 32 bytes that nobody can foresee, because most of them are the system's own chance. */
function nonceOf({ secret, nonce }: TcpOpened, context: Turn): string {
  const bytes = new Uint8Array(32);
  const digits = secret + nonce;
  for (let at = 0; at < 26; at += 1)
    bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  for (let at = 26; at < 32; at += 1) bytes[at] = context.random() & 0xff;
  return base64Url(bytes);
}

function read(stay: PeerStay, context: Turn): void {
  // While the link is being judged, what comes behind the proof waits.
  while (stay.life !== 'closed' && stay.life !== 'judged') {
    const taken = stay.splitter.next();
    if (taken === undefined) return;
    if (taken.kind !== 'line') {
      refuse(stay, 'LINE_TOO_LONG', 'The line is too long.', context);
      return;
    }
    if (isBlank(taken.bytes)) continue;
    if (stay.isFirstLine && looksLikeHttp(taken.bytes)) {
      refuse(stay, 'INVALID_JSON', 'This is no HTTP server.', context);
      return;
    }
    stay.isFirstLine = false;
    const reading = readPeerLine(taken.bytes);
    if (reading.ok) {
      if (stay.life === 'greeting') stay.skewSeconds = reading.timestamp - secondsOf(stay, context);
      hear(stay, reading.message, context);
    } else if (reading.isIgnored && stay.life === 'up') context.count('cluster.messages.unknown');
    else refuse(stay, reading.code, reading.message, context);
  }
}

/** [HP-PEER-3] Before the proof only the words of the handshake are heard, each in its turn. */
function hear(stay: PeerStay, message: PeerMessage, context: Turn): void {
  const { role, members, link } = stay.args;
  if (message.type === 'ERROR' || message.type === 'BYE') {
    end(stay, message.code, message.type === 'ERROR' ? message.known : undefined, context);
  } else if (stay.life === 'up') {
    if (message.type === 'SERVER_READY') {
      if (role === 'initiator') refuse(stay, 'INVALID_MESSAGE', 'Too late.', context);
      else context.send(members, { type: 'linkHeard', link, message });
    } else if (message.type.startsWith('SERVER_'))
      refuse(stay, 'INVALID_MESSAGE', 'The handshake is over.', context);
    else context.send(members, { type: 'linkHeard', link, message });
  } else if (message.type === 'SERVER_HELLO' && role === 'responder' && stay.life === 'greeting')
    challenge(stay, message, context);
  else if (message.type === 'SERVER_CHALLENGE' && role === 'initiator' && stay.life === 'greeting')
    prove(stay, message, context);
  else if (message.type === 'SERVER_AUTH' && role === 'responder' && stay.life === 'proving')
    judge(stay, message, context);
  else if (message.type === 'SERVER_WELCOME' && role === 'initiator' && stay.life === 'proving')
    proved(stay, message.members, context);
  else refuse(stay, 'INVALID_MESSAGE', `${message.type} is not expected here.`, context);
}

function hello(stay: PeerStay, context: Turn): void {
  const { options, incarnation } = stay.args.cluster;
  const { node, cluster, advertise } = options;
  const { nonce, keyId: key } = stay;
  const more = { versions: [VERSION], caps: CAPS, nonce, key, advertise };
  say(stay, { type: 'SERVER_HELLO', node, incarnation, cluster, ...more }, context);
}

/** [HP-PEER-2] [HP-PEER-5] Who is called proves itself first: it is the one that may be an impostor. */
function challenge(stay: PeerStay, message: PeerMessageOf<'SERVER_HELLO'>, context: Turn): void {
  const { options, incarnation } = stay.args.cluster;
  if (message.cluster !== options.cluster) {
    refuse(stay, 'CLUSTER_MISMATCH', 'This is another cluster.', context);
    return;
  }
  if (message.node === options.node && message.incarnation === incarnation) {
    refuse(stay, 'SELF_CONNECT', 'You have called yourself.', context);
    return;
  }
  if (!message.versions.includes(VERSION)) {
    refuse(stay, 'UNSUPPORTED_VERSION', `This node speaks ${VERSION}.`, context);
    return;
  }
  const key = keyOf(stay, message.key);
  if (key === undefined) {
    refuse(stay, 'PEER_AUTH_FAILED', 'The proof is wrong.', context);
    return;
  }
  stay.keyId = key.id;
  stay.other = otherOf(message);
  const said: Transcript = {
    ...{ cluster: options.cluster, version: VERSION },
    ...{ nodeA: message.node, incarnationA: message.incarnation, nonceA: message.nonce },
    ...{ nodeB: options.node, incarnationB: incarnation, nonceB: stay.nonce },
  };
  stay.said = said;
  advance(stay, 'greeted');
  const { node, cluster, advertise } = options;
  const proof = proofOf('responder', said, key);
  say(
    stay,
    {
      ...{ type: 'SERVER_CHALLENGE', node, incarnation, cluster, version: VERSION, caps: CAPS },
      ...{ nonce: stay.nonce, key: key.id, proof, advertise },
    },
    context,
  );
}

/** The initiator shows its proof to nobody who has not proved itself. */
function prove(stay: PeerStay, message: PeerMessageOf<'SERVER_CHALLENGE'>, context: Turn): void {
  const { options, incarnation } = stay.args.cluster;
  if (message.cluster !== options.cluster) {
    refuse(stay, 'CLUSTER_MISMATCH', 'This is another cluster.', context);
    return;
  }
  const said: Transcript = {
    ...{ cluster: options.cluster, version: message.version },
    ...{ nodeA: options.node, incarnationA: incarnation, nonceA: stay.nonce },
    ...{ nodeB: message.node, incarnationB: message.incarnation, nonceB: message.nonce },
  };
  const key = keyOf(stay, message.key);
  const isGood = key !== undefined && isProved(message.proof, 'responder', said, key);
  if (!isGood || message.version !== VERSION || message.nonce === stay.nonce) {
    refuse(stay, 'PEER_AUTH_FAILED', 'The proof is wrong.', context);
    return;
  }
  stay.other = otherOf(message);
  stay.said = said;
  advance(stay, 'greeted');
  say(stay, { type: 'SERVER_AUTH', proof: proofOf('initiator', said, key) }, context);
}

function judge(stay: PeerStay, message: PeerMessageOf<'SERVER_AUTH'>, context: Turn): void {
  const key = keyOf(stay, stay.keyId);
  const { said } = stay;
  if (key === undefined || said === undefined || !isProved(message.proof, 'initiator', said, key)) {
    context.count('cluster.proofs.wrong');
    refuse(stay, 'PEER_AUTH_FAILED', 'The proof is wrong.', context);
    return;
  }
  proved(stay, [], context);
}

function proved(stay: PeerStay, told: readonly MemberTold[], context: Turn): void {
  const { other, skewSeconds, args } = stay;
  if (other === undefined) return;
  const { link, role, members } = args;
  advance(stay, 'proved');
  const address: Address<PeerOrder> = context.self;
  context.send(members, {
    type: 'linkProved',
    ...{ link, address, role, ...other, members: told, skewSeconds },
  });
}

/** The link is wanted: from now on everything may be told. */
function welcome(stay: PeerStay, members: readonly MemberTold[], context: Turn): void {
  if (stay.life !== 'judged') return;
  const { options } = stay.args.cluster;
  advance(stay, 'welcomed');
  context.cancel('handshake');
  stay.splitter.lineBytesMax = options.lineBytesMax;
  const type = stay.args.role === 'responder' ? 'SERVER_WELCOME' : 'SERVER_READY';
  say(stay, { type, members, heartbeatMs: options.heartbeatMs }, context);
  read(stay, context);
}

function otherOf({
  node,
  incarnation,
  advertise,
  caps,
}: PeerMessageOf<'SERVER_HELLO' | 'SERVER_CHALLENGE'>) {
  return { node, incarnation, addr: advertise, caps };
}

function keyOf({ args }: PeerStay, id: string) {
  return args.cluster.options.keys.find((key) => key.id === id);
}

function say(stay: PeerStay, message: PeerMessage, context: Turn, isUrgent = false): void {
  const id = message.type === 'FORWARD' ? message.id : undefined;
  const line = encodePeerLine(message, id ?? lineId(context), secondsOf(stay, context));
  if (!stay.spout.say(line, isUrgent, context)) {
    context.count('cluster.links.overrun');
    end(stay, 'SLOW_CONSUMER', undefined, context);
  }
}

function secondsOf({ args }: PeerStay, context: Turn): number {
  return Math.floor((args.cluster.wallAtZeroMs + context.now / 1_000) / 1_000);
}

function lineId(context: Turn): string {
  return context.random().toString(16).padStart(8, '0') + context.random().toString(16);
}

/** Tells why, and closes. */
function refuse(stay: PeerStay, code: string, text: string, context: Turn, known?: number): void {
  if (stay.life === 'closed') return;
  say(stay, { type: 'ERROR', code, message: text, known }, context);
  end(stay, code, known, context);
}

function end(
  stay: PeerStay,
  code: string | undefined,
  known: number | undefined,
  context: Turn,
): void {
  if (stay.life === 'closed') return;
  const { cluster, opened, members, link } = stay.args;
  const node = stay.life === 'greeting' ? undefined : provedName(stay);
  advance(stay, 'lost');
  const { connection } = opened;
  context.send(cluster.edges.web, { type: 'close', connection, code: 1_000, reason: '' });
  context.send(members, { type: 'linkClosed', link, node, code, known });
  context.stop();
}

/** An initiator knows whom it called as soon as it says that it believes it. */
function provedName({ life, args, other }: PeerStay): string | undefined {
  return args.role === 'initiator' || life !== 'proving' ? other?.node : undefined;
}

function advance(stay: PeerStay, event: PeerEvent): void {
  const next = peerLife.next(stay.life, event);
  assert(next !== undefined, `a link that is ${stay.life} is not ${event}`);
  stay.life = next;
}

const VERSION = '1.0';
