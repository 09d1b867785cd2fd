// One end of a connection that leads through a third node, because the two at its ends cannot reach each other. To the
// link that owns it, it is an edge like that of TCP: what is written goes out in pieces over the link with the third node,
// and no more of them are on the way than the other end has taken.
// Refuses to know what is said, and who may have a detour. Obeys spec/hp-peer.md, section "Detours".

import type { DetourEnds, DetourWord } from '../../codecs/hp-peer/peer-messages.ts';
import { DETOUR_TEXT_MAX } from '../../codecs/hp-peer/peer-lines.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import type { ActorDefinition, Address, Context } from '../../runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type Receipt,
  type WebCommand,
  writeCost,
} from '../../runtime/edges.ts';
import type { TcpCommand } from '../../runtime/tcp/tcp-edges.ts';
import type { PeerOrder } from './peer.actor.ts';

/** What the keeper of members passes on to it. */
export type DetourEvent =
  | { readonly type: 'detourSaid'; readonly word: DetourWord }
  /** The link with the third node is gone. */
  | { readonly type: 'detourBroken' };

export type DetourMessage = DetourEvent | TcpCommand | WebCommand;

export interface DetourArgs {
  /** As this end says it. */
  readonly ends: DetourEnds;
  readonly connection: ConnectionId;
  /** The link with the third node. */
  readonly carrier: Address<PeerOrder>;
}

interface DetourStay {
  readonly args: DetourArgs;
  owner: Address<ConnectionEvent> | undefined;
  receiptsTo: Address<Receipt> | undefined;
  /** What has come before somebody owned the connection. */
  early: string[];
  /** What the pieces cost that the other end has not taken; what comes of one write is counted with its last. */
  readonly open: number[];
}

type Turn = Context<DetourMessage>;

export const detourActor: ActorDefinition<DetourArgs, DetourStay, DetourMessage> = {
  kind: 'cluster/detour',
  mailboxMax: 100_000,
  onFailure: 'stop',
  start(args, context) {
    const stay: DetourStay = { args, owner: undefined, receiptsTo: undefined, early: [], open: [] };
    const { caller, from } = args.ends;
    if (caller === from) say(stay, { say: 'open' }, context);
    return stay;
  },
  receive(stay, message, context) {
    switch (message.type) {
      case 'own':
        stay.owner = message.owner;
        stay.receiptsTo = message.receiptsTo;
        for (const text of stay.early.splice(0)) pass(stay, message.owner, text, context);
        return;
      case 'write':
        write(stay, message.payload as Uint8Array, context);
        return;
      case 'detourSaid':
        heard(stay, message.word, context);
        return;
      case 'close':
      case 'cut':
      case 'dismiss':
        say(stay, { say: 'end' }, context);
        context.stop();
        return;
      case 'detourBroken':
        tellBroken(stay, context);
        context.stop();
        return;
      default:
    }
  },
  lastWords(stay, context) {
    say(stay, { say: 'end' }, context);
    tellBroken(stay, context);
  },
};

function heard(stay: DetourStay, word: DetourWord, context: Turn): void {
  const { connection } = stay.args;
  switch (word.say) {
    case 'text':
      if (stay.owner === undefined) stay.early.push(word.text);
      else pass(stay, stay.owner, word.text, context);
      return;
    case 'taken': {
      const bytes = stay.open.shift() ?? 0;
      if (bytes > 0 && stay.receiptsTo !== undefined)
        context.send(stay.receiptsTo, { type: 'receipt', connection, bytes });
      return;
    }
    case 'end':
      tellBroken(stay, context);
      context.stop();
      return;
    case 'open':
      return;
    default:
      word satisfies never;
  }
}

function pass(
  stay: DetourStay,
  owner: Address<ConnectionEvent>,
  text: string,
  context: Turn,
): void {
  const { connection } = stay.args;
  context.send(owner, { type: 'messageReceived', connection, payload: encodeText(text) });
  say(stay, { say: 'taken' }, context);
}

function tellBroken({ args, owner }: DetourStay, context: Turn): void {
  const { connection } = args;
  if (owner !== undefined)
    context.send(owner, { type: 'closed', connection, code: 1_006, reason: '' });
}

/** [HP-DETOUR-3] */
function write(stay: DetourStay, payload: Uint8Array, context: Turn): void {
  const texts = piecesOf(decoder.decode(payload));
  for (const [at, text] of texts.entries()) {
    stay.open.push(at === texts.length - 1 ? writeCost(payload) : 0);
    say(stay, { say: 'text', text }, context);
  }
}

/** Of a bearable length, and cut between characters. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  while (from < text.length) {
    let to = Math.min(from + DETOUR_TEXT_MAX, text.length);
    if (to < text.length && isHigh(text.charCodeAt(to - 1))) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

/** The first half of a surrogate pair. */
function isHigh(code: number): boolean {
  return (code & 0xfc00) === 0xd800;
}

/** Before what else waits there: whoever is reached by a detour must not look dead because others have much to say. */
function say({ args }: DetourStay, word: DetourWord, context: Turn): void {
  const message = { type: 'DETOUR', ...args.ends, ...word } as const;
  context.send(args.carrier, { type: 'say', message, isUrgent: true });
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
