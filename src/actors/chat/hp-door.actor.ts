// The chat's door on one shard: counts who comes in, turns away who is too many, and starts one session for each.
// Refuses to know lines. Obeys spec/hp.md, section "Connections".

import { encodeLine, errorPayload } from '../codecs/hp/writing.ts';
import type { DoorNotice } from '../routing/relay/relay-seam.ts';
import {
  type ActorDefinition,
  type Address,
  type ChildStopped,
  type Context,
  secondsNow,
} from '../runtime/actor.ts';
import { Admission } from '../runtime/admission.ts';
import type { ShardDown } from '../runtime/edges.ts';
import type { TcpOpened } from '../runtime/tcp/tcp-edges.ts';
import { Arrivals } from './arrivals.ts';
import { type ChatContext, uuidFrom } from './chat-context.ts';
import { hpSession, type HpSessionMessage } from './hp-session.actor.ts';
import type { ConnectionGone } from './session/session.ts';

export type HpDoorMessage =
  | TcpOpened
  | ShardDown
  | DoorNotice
  | ConnectionGone
  /** The node goes: whoever is here has so long to go, too. */
  | { readonly type: 'drain'; readonly withinMs: number };

interface HpDoorState {
  readonly chat: ChatContext;
  readonly admission: Admission;
  readonly arrivals: Arrivals;
  readonly sessions: Map<string, Guest>;
  isDraining: boolean;
  /** This node is on the smaller side of a split, and lets nobody in. */
  isAway: boolean;
  /** Where clients may go instead. */
  servers: readonly string[];
}

interface Guest {
  readonly address: Address<HpSessionMessage>;
  /** Which network address it came from; those of loopback count as one each. Undefined when its connection is gone. */
  remote: string | undefined;
}

type Turn = Context<HpDoorMessage>;

export const hpDoor: ActorDefinition<ChatContext, HpDoorState, HpDoorMessage> = {
  kind: 'chat/door',
  mailboxMax: 100_000,
  onFailure: 'escalate',
  start(chat) {
    const { options } = chat;
    return {
      chat,
      admission: new Admission(options),
      arrivals: new Arrivals(options),
      sessions: new Map(),
      ...{ isDraining: false, isAway: false, servers: [] },
    };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'tcpOpened':
        opened(state, message, context);
        return;
      case 'connectionGone':
        countOut(state, state.sessions.get(message.session));
        return;
      case 'childStopped':
        left(state, message);
        return;
      case 'drain':
        state.isDraining = true;
        sendAway(state, message.withinMs, true, context);
        return;
      case 'retreat':
        state.isAway = true;
        sendAway(state, message.withinMs, false, context);
        return;
      case 'comeBack':
        state.isAway = false;
        return;
      case 'serversChanged':
        state.servers = message.servers;
        return;
      case 'clusterNotice':
      case 'shardDown':
        for (const { address } of state.sessions.values()) context.send(address, message);
        return;
      case 'timedOut':
        return;
      default:
        message satisfies never;
    }
  },
};

function sendAway(
  { sessions, servers }: HpDoorState,
  withinMs: number,
  isForGood: boolean,
  context: Turn,
): void {
  for (const { address } of sessions.values())
    context.send(address, { type: 'drain', withinMs, servers, isForGood });
}

/** [HP-CONN-1] [HP-CONN-2] [HP-CONN-3] */
function opened(state: HpDoorState, message: TcpOpened, context: Turn): void {
  const { connection, isLoopback } = message;
  const remote = isLoopback ? `loopback ${connection}` : message.remote;
  if (state.isDraining) {
    dismiss(state, connection, 'SERVER_DRAINING', 'This server goes down.', context);
    return;
  }
  if (state.isAway) {
    const text = 'This server is cut off from most of its cluster.';
    dismiss(state, connection, 'UNAVAILABLE', text, context);
    return;
  }
  const waitUs = isLoopback ? 0 : state.arrivals.enter(remote, context.now);
  if (waitUs > 0) {
    context.count('chat.connections.refused.too-often');
    const text = 'Too many new connections from this address.';
    dismiss(state, connection, 'UNAVAILABLE', text, context, Math.ceil(waitUs / 1_000_000));
    return;
  }
  const refusal = state.admission.enter(remote);
  if (refusal !== undefined) {
    context.count(`chat.connections.refused.${refusal}`);
    const text =
      refusal === 'full' ? 'The server is full.' : 'Too many connections from this address.';
    dismiss(state, connection, 'UNAVAILABLE', text, context);
    return;
  }
  const address = context.spawn(
    hpSession,
    { chat: state.chat, opened: message, door: context.self },
    `chat/${connection}`,
  );
  state.sessions.set(address, { address, remote });
}

function dismiss(
  { chat }: HpDoorState,
  connection: number,
  code: 'UNAVAILABLE' | 'SERVER_DRAINING',
  message: string,
  context: Turn,
  retryAfter = 5,
): void {
  const id = uuidFrom(() => context.random());
  const around = { type: 'ERROR', id, timestamp: secondsNow(context) };
  const lastWords = encodeLine(around, errorPayload({ code, message, retryAfter }, null, true));
  context.send(chat.edges.tcp, { type: 'dismiss', connection, lastWords });
}

function left(state: HpDoorState, { child }: ChildStopped): void {
  countOut(state, state.sessions.get(child));
  state.sessions.delete(child);
}

/** [HP-CONN-1] [HP-CONN-2] What is counted is connections: a session that has none keeps nobody out. */
function countOut({ admission }: HpDoorState, guest: Guest | undefined): void {
  if (guest?.remote === undefined) return;
  admission.leave(guest.remote);
  guest.remote = undefined;
}
