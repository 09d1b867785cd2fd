// One connection to another node: shakes hands with mutual proof, then passes messages on in both directions, heartbeats
// before everything else. Whether a link is wanted is decided by the keeper of members.
// Refuses to know what messages mean, other links, and who is alive. Obeys spec/hp-peer.md, sections "Links" and "Proof";
// its life is peer.machine.ts.

import { isBlank, LineSplitter, looksLikeHttp } from '../../codecs/hp/line-splitter.ts';
import { encodePeerLine, readPeerLine } from '../../codecs/hp-peer/peer-lines.ts';
import type { MemberTold, PeerMessage } from '../../codecs/hp-peer/peer-messages.ts';
import type { Role } from '../../codecs/hp-peer/proof.ts';
import { base64Url } from '../../codecs/hp-peer/sha256.ts';
import {
  type ActorDefinition,
  type Address,
  assert,
  type Context,
  secondsNow,
} from '../../runtime/actor.ts';
import type { ConnectionEvent, Receipt } from '../../runtime/edges.ts';
import type { TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import type { ClusterContext } from '../cluster-options.ts';
import { understands } from '../versions.ts';
import { Handshake, type Other, type Step } from './handshake.ts';
import { peerLife, type PeerEvent, type PeerState } from './peer.machine.ts';
import { Spout } from './spout.ts';

/** What the keeper of members hears of a link. */
export type PeerReport =
  | {
      readonly type: 'linkProved';
      readonly link: number;
      readonly address: Address<PeerOrder>;
      readonly role: Role;
      readonly other: Other;
      /** The initiator is told them with the welcome. */
      readonly members: readonly MemberTold[];
      readonly clients: string;
      /** Seconds by which the other clock is ahead. */
      readonly skewSeconds: number;
    }
  | {
      readonly type: 'linkHeard';
      readonly link: number;
      readonly message: PeerMessage;
      /** Seconds by which the other clock was ahead when it said so. */
      readonly skewSeconds: number;
    }
  | {
      readonly type: 'linkClosed';
      readonly link: number;
      /** Who it was, where that was proved. */
      readonly node: string | undefined;
      /** The code of the error that ended it. */
      readonly code: string | undefined;
      /** Where the other side has said so, with `STALE_INCARNATION` or `SUPERSEDED`: the life that it knows. */
      readonly known: number | undefined;
      /** That life is linked with the other side at this moment. */
      readonly alive: boolean | undefined;
    };

export type PeerReportOf<T extends PeerReport['type']> = Extract<PeerReport, { readonly type: T }>;

/** A later life of a node, as somebody knows it. */
export interface Known {
  readonly known: number | undefined;
  readonly alive: boolean | undefined;
}

/** What the keeper of members says to a link. */
export type PeerOrder =
  | { readonly type: 'welcome'; readonly members: readonly MemberTold[] }
  | { readonly type: 'say'; readonly message: PeerMessage; readonly isUrgent: boolean }
  | {
      readonly type: 'endLink';
      readonly code: string;
      readonly message: string;
      readonly known?: Known;
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
  readonly handshake: Handshake;
  life: PeerState;
  skewSeconds: number;
  isFirstLine: boolean;
}

type Turn = Context<PeerActorMessage>;
type Told = Pick<PeerReportOf<'linkProved'>, 'members' | 'clients'>;

export const peerActor: ActorDefinition<PeerArgs, PeerStay, PeerActorMessage> = {
  kind: 'cluster/peer',
  mailboxMax: 100_000,
  onFailure: 'stop',
  start(args, context) {
    const { cluster, opened, role } = args;
    const { options, edges, incarnation } = cluster;
    const { connection } = opened;
    const owner = context.self;
    context.send(edges.tcp, { type: 'own', connection, owner, receiptsTo: owner });
    context.after('handshake', options.handshakeTimeoutMs);
    const stay: PeerStay = {
      args,
      splitter: new LineSplitter(options.helloLineBytesMax),
      spout: new Spout(connection, edges.web, options.linkQueueBytesMax),
      handshake: new Handshake({
        ...{ role, options, incarnation, nonce: nonceOf(opened, context) },
        ...{ channel: opened.channel, names: opened.names },
      }),
      ...{ life: peerLife.initial, skewSeconds: 0, isFirstLine: true },
    };
    if (role === 'initiator') say(stay, stay.handshake.hello(), context);
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
        order(stay, message.message, message.isUrgent, context);
        return;
      case 'welcome':
        welcome(stay, message.members, context);
        return;
      case 'endLink':
        refuse(stay, message.code, message.message, context, message.known);
        return;
      case 'closeReceived':
      case 'closed':
        end(stay, undefined, context);
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
    const told = { code: 'INTERNAL', node: undefined, ...unknown };
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
      // Not a word: whoever made a browser send this is to learn nothing.
      end(stay, 'CROSS_PROTOCOL', context);
      return;
    }
    stay.isFirstLine = false;
    const reading = readPeerLine(taken.bytes);
    if (reading.ok) {
      stay.skewSeconds = reading.timestamp - secondsNow(context);
      hear(stay, reading.message, context);
    } else if (reading.isIgnored && stay.life === 'up') context.count('cluster.messages.unknown');
    else refuse(stay, reading.code, reading.message, context);
  }
}

/** [HP-PEER-3] Before the proof only the words of the handshake are heard, each in its turn. */
function hear(stay: PeerStay, message: PeerMessage, context: Turn): void {
  if (message.type === 'ERROR' || message.type === 'BYE')
    end(stay, message.code, context, message.type === 'ERROR' ? message : unknown);
  else if (stay.life === 'up') pass(stay, message, context);
  else shakeHands(stay, message, context);
}

function pass(stay: PeerStay, message: PeerMessage, context: Turn): void {
  const { args, skewSeconds } = stay;
  const { role, members, link } = args;
  const isReady = message.type === 'SERVER_READY' && role === 'responder';
  if (message.type.startsWith('SERVER_') && !isReady)
    refuse(stay, 'INVALID_MESSAGE', 'The handshake is over.', context);
  else context.send(members, { type: 'linkHeard', link, message, skewSeconds });
}

function shakeHands(stay: PeerStay, message: PeerMessage, context: Turn): void {
  const { handshake, life } = stay;
  const turn = `${handshake.role} ${life} ${message.type}`;
  if (turn === 'responder greeting SERVER_HELLO' && message.type === 'SERVER_HELLO')
    take(stay, handshake.called(message), 'greeted', context);
  else if (turn === 'initiator greeting SERVER_CHALLENGE' && message.type === 'SERVER_CHALLENGE') {
    const isBelieved = take(stay, handshake.challenged(message), 'greeted', context);
    // [HP-PEER-1] The called node has proved itself: its welcome tells of all nodes that it knows.
    if (isBelieved) stay.splitter.lineBytesMax = stay.args.cluster.options.lineBytesMax;
  } else if (turn === 'responder proving SERVER_AUTH' && message.type === 'SERVER_AUTH') {
    if (take(stay, handshake.answered(message), 'proved', context)) judged(stay, nothing, context);
  } else if (turn === 'initiator proving SERVER_WELCOME' && message.type === 'SERVER_WELCOME') {
    advance(stay, 'proved');
    judged(stay, message, context);
  } else refuse(stay, 'INVALID_MESSAGE', `${message.type} is not expected here.`, context);
}

/** Says what the step says, or why it is not taken. */
function take(stay: PeerStay, step: Step, event: PeerEvent, context: Turn): boolean {
  if (!step.ok) {
    if (step.code === 'PEER_AUTH_FAILED') context.count('cluster.proofs.wrong');
    refuse(stay, step.code, step.message, context);
    return false;
  }
  advance(stay, event);
  if (step.say !== undefined) say(stay, step.say, context);
  return true;
}

function judged(stay: PeerStay, { members: told, clients }: Told, context: Turn): void {
  const { handshake, skewSeconds, args } = stay;
  const { link, role, members } = args;
  const { other } = handshake;
  assert(other !== undefined, 'who is proved is known');
  const address: Address<PeerOrder> = context.self;
  context.send(members, {
    type: 'linkProved',
    ...{ link, address, role, other, members: told, clients, skewSeconds },
  });
}

/** The link is wanted: from now on everything may be told. */
function welcome(stay: PeerStay, members: readonly MemberTold[], context: Turn): void {
  if (stay.life !== 'judged') return;
  const { heartbeatMs, lineBytesMax, advertiseChat: clients } = stay.args.cluster.options;
  advance(stay, 'welcomed');
  context.cancel('handshake');
  stay.splitter.lineBytesMax = lineBytesMax;
  const type = stay.args.role === 'responder' ? 'SERVER_WELCOME' : 'SERVER_READY';
  say(stay, { type, members, heartbeatMs, clients }, context);
  read(stay, context);
}

/** [HP-PEER-10] Whoever does not know a word is not told it. */
function order(stay: PeerStay, message: PeerMessage, isUrgent: boolean, context: Turn): void {
  if (stay.life !== 'up') return;
  if (understands(stay.handshake.other?.caps ?? [], message.type))
    say(stay, message, context, isUrgent);
  else context.count('cluster.messages.withheld');
}

function say(stay: PeerStay, message: PeerMessage, context: Turn, isUrgent = false): void {
  const id = message.type === 'FORWARD' ? message.id : undefined;
  const hasColumns = stay.handshake.other?.caps.includes('columns');
  const seconds = secondsNow(context);
  const line = encodePeerLine(message, id ?? lineId(context), seconds, hasColumns);
  if (!stay.spout.say(line, isUrgent, context)) {
    context.count('cluster.links.overrun');
    end(stay, 'SLOW_CONSUMER', context);
  }
}

function lineId(context: Turn): string {
  return context.random().toString(16).padStart(8, '0') + context.random().toString(16);
}

/** Tells why, and closes. */
function refuse(stay: PeerStay, code: string, text: string, context: Turn, known?: Known): void {
  if (stay.life === 'closed') return;
  say(stay, { type: 'ERROR', code, message: text, ...(known ?? unknown) }, context);
  end(stay, code, context);
}

/** `told`: what the other side has said when it ended it. */
function end(stay: PeerStay, code: string | undefined, context: Turn, told?: Known): void {
  if (stay.life === 'closed') return;
  const { cluster, opened, members, link } = stay.args;
  const node = stay.life === 'greeting' ? undefined : provedName(stay);
  advance(stay, 'lost');
  const { connection } = opened;
  context.send(cluster.edges.web, { type: 'close', connection, code: 1_000, reason: '' });
  const { known, alive } = told ?? unknown;
  context.send(members, { type: 'linkClosed', link, node, code, known, alive });
  context.stop();
}

/** An initiator knows whom it called as soon as it says that it believes it. */
function provedName({ life, handshake }: PeerStay): string | undefined {
  const { role, other } = handshake;
  return role === 'initiator' || life !== 'proving' ? other?.node : undefined;
}

function advance(stay: PeerStay, event: PeerEvent): void {
  const next = peerLife.next(stay.life, event);
  assert(next !== undefined, `a link that is ${stay.life} is not ${event}`);
  stay.life = next;
}

const nothing: Told = { members: [], clients: '' };
const unknown: Known = { known: undefined, alive: undefined };
