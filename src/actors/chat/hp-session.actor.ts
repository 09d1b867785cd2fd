// One client of the chat, from its first byte until it is gone and will not come back. Each message moves one part of the
// session; then it reads on, as far as nothing has to be waited for.
// Refuses to know sockets, how rooms and users are kept, and other clients.
// Obeys spec/hp.md; its life is hp-session.machine.ts.

import type { HpMistake } from '../codecs/hp/mistakes.ts';
import type { ActorDefinition, Address } from '../runtime/actor.ts';
import type { TcpOpened } from '../runtime/tcp/tcp-edges.ts';
import { type ChatContext, roomOfTopic, shardOfRoom, shardOfUser } from './chat-context.ts';
import { CHAT_ROOM } from './chat-formats.ts';
import {
  nobody,
  notRegistered,
  passwordJudged,
  register,
  registered,
  tokenJudged,
} from './session/arriving.ts';
import { hear, readOn, unthrottle, watchAnswer } from './session/hearing.ts';
import {
  closeNow,
  drain,
  expire,
  goAway,
  leaveBehind,
  noticed,
  part,
  parted,
  refuse,
  replaced,
  sayLastWords,
  stop,
  tokenEnded,
  tooSlow,
} from './session/leaving.ts';
import { counted, historyRead, membersListed, roomsListed } from './session/looking.ts';
import { presenceChanged, presenceTold, tellChanged, watchAgain } from './session/presence.ts';
import {
  detach,
  handedOver,
  handOver,
  directArrived,
  resumeWithout,
  streamLeft,
  waitForMove,
} from './session/resuming.ts';
import { heardMark, joined, leftRoom, notSubscribed, subscribed } from './session/joining.ts';
import { askToJoin, delivered, giveUpSeat } from './session/seats.ts';
import {
  answerError,
  type ConnectionGone,
  type HpSessionMessage,
  isComing,
  isHere,
  NO_REF,
  refOf,
  say,
  sayError,
  type Session,
  sessionOf,
  type Turn,
} from './session/session.ts';
import {
  directAnswered,
  receiptArrived,
  said,
  sendDirect,
  typingArrived,
} from './session/talking.ts';

export type { HpSessionMessage } from './session/session.ts';

export interface HpSessionArgs {
  readonly chat: ChatContext;
  readonly opened: TcpOpened;
  readonly door: Address<ConnectionGone>;
}

export const hpSession: ActorDefinition<HpSessionArgs, Session, HpSessionMessage> = {
  kind: 'chat/session',
  mailboxMax: 65_536,
  onFailure: 'stop',
  start({ chat, opened, door }, context) {
    const { connection } = opened;
    const { options, router, edges } = chat;
    context.send(router, {
      type: 'open',
      connection,
      owner: context.self,
      outbox: { queueBytesMax: options.queueBytesMax, slowPolicy: 'disconnect' },
      ownFormat: CHAT_ROOM,
      subscriptionsMax: options.roomsPerSessionMax,
      stallTimeoutMs: options.stallTimeoutMs,
    });
    const owner = context.self;
    context.send(edges.tcp, { type: 'own', connection, owner, receiptsTo: router });
    context.after('login', options.loginTimeoutMs);
    context.after('ping', options.pingEveryMs);
    return sessionOf(chat, opened, door, context.now);
  },
  receive(session, message, context) {
    switch (message.type) {
      case 'messageReceived':
        hear(session, message.payload as Uint8Array, context);
        break;
      case 'closeReceived':
        session.hasInputEnded = true;
        break;
      case 'closed':
        closed(session, context);
        return;
      case 'finished':
        closeNow(session, context);
        return;
      case 'tooSlow':
        tooSlow(session, context);
        return;
      case 'streamLeft':
        streamLeft(session, message, context);
        return;
      case 'delivered':
        if (!delivered(session, message.publication, context)) return;
        heardMark(session, roomOfTopic(message.publication.topic), context);
        break;
      case 'subscribed':
        subscribed(session, message, context);
        break;
      case 'subscribeRefused':
        notSubscribed(session, message, context);
        break;
      case 'joined':
        joined(session, message, context);
        break;
      case 'leftRoom':
        leftRoom(session, message.ref, context);
        break;
      case 'said':
        said(session, message, context);
        break;
      case 'roomsListed':
        roomsListed(session, message, context);
        break;
      case 'membersListed':
        membersListed(session, message, context);
        break;
      case 'historyRead':
      case 'directHistoryRead':
        historyRead(session, message, context);
        break;
      case 'roomRefused':
      case 'userRefused':
        notAllowed(session, message.ref, message.mistake, context);
        break;
      case 'registered':
        registered(session, message, context);
        break;
      case 'sessionsCounted':
      case 'roomsCounted':
        counted(session, message, context);
        break;
      case 'handedOver':
        handedOver(session, message, context);
        break;
      case 'presenceTold':
        presenceTold(session, message, context);
        break;
      case 'directAnswered':
        directAnswered(session, message, context);
        break;
      case 'directArrived':
        directArrived(session, message, context);
        return;
      case 'unregistered':
        parted(session, context);
        return;
      case 'presenceChanged':
        presenceChanged(session, message.presence, context);
        return;
      case 'receiptArrived':
        receiptArrived(session, message, context);
        return;
      case 'typingArrived':
        typingArrived(session, message, context);
        return;
      case 'replaced':
        replaced(session, message, context);
        return;
      case 'handOver':
        handOver(session, message, context);
        return;
      case 'tokenVerified':
      case 'tokenRefused':
        tokenJudged(session, message, context);
        break;
      case 'passwordVerified':
      case 'passwordRefused':
        passwordJudged(session, message, context);
        break;
      case 'userFound':
        if (message.ref === refOf(session)) sendDirect(session, message.isKnown, context);
        break;
      case 'clusterNotice':
        noticed(session, message, context);
        return;
      case 'drain':
        drain(session, message, context);
        return;
      case 'shardDown':
        shardDown(session, message.shard, context);
        break;
      case 'timedOut':
        due(session, message.name, context);
        break;
      // Nothing of these was asked for.
      case 'pingReceived':
      case 'pongReceived':
      case 'unsubscribed':
      case 'publishAnswered':
      case 'publisherHeld':
      case 'publishRefused':
      case 'settled':
      case 'topicsListed':
      case 'topicInformed':
      case 'gapped':
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
    settle(session, context);
  },
  lastWords: sayLastWords,
};

/** Reads on; a peer that says no more is left when everything it said is answered. */
function settle(session: Session, context: Turn): void {
  readOn(session, context);
  const isDone = session.hasInputEnded && session.pending === undefined && !session.isThrottled;
  if (!isDone || !isHere(session)) return;
  // [HP-FRAME-4] Whatever is left has no end, and is not executed.
  if (session.life === 'connected') goAway(session, context);
  else detach(session, context);
}

function closed(session: Session, context: Turn): void {
  context.send(session.door, { type: 'connectionGone', session: context.self });
  if (session.isGone) return;
  if (session.life === 'closed') stop(session, context);
  else if (session.life !== 'detached') detach(session, context);
}

function due(session: Session, timer: string, context: Turn): void {
  switch (timer) {
    case 'login': {
      // [HP-LOGIN-7] Whoever is being let in is not sent away: its session would be lost.
      const message = 'Nobody logged in in time. Connect again.';
      const isJudged = session.pending?.request.type === 'LOGIN';
      if (isJudged || isComing(session)) context.after('login', LOOK_EVERY_MS);
      else if (session.life === 'connected')
        refuse(session, { code: 'LOGIN_TIMEOUT', message }, null, context);
      return;
    }
    case 'ping':
      ping(session, context);
      return;
    case 'answer':
      unanswered(session, context);
      return;
    case 'throttle':
      unthrottle(session);
      return;
    case 'resume':
      expire(session, context);
      return;
    case 'changed':
      tellChanged(session, context);
      return;
    case 'watch':
      watchAgain(session, context);
      return;
    case 'drained':
      waitForMove(session, context);
      return;
    case 'leftBehind':
      leaveBehind(session, context);
      return;
    case 'expiry':
      tokenEnded(session, context);
      return;
    case 'goodbye':
      context.send(session.chat.edges.web, { type: 'cut', connection: session.connection });
      return;
    default:
  }
}

/** [HP-LIVE-3] [HP-LIVE-4] */
function ping(session: Session, context: Turn): void {
  if (!isHere(session)) return;
  const { pingEveryMs, pingTimeoutMs } = session.chat.options;
  const quietMs = Math.floor((context.now - session.heardAt) / 1_000);
  // Whoever was not asked, because this thread did nothing for that long, is asked now.
  if (quietMs >= pingTimeoutMs && session.isPingDue) {
    // A client that is cut off may come back to its session, as one that was seen to go.
    sayError(
      session,
      { code: 'PING_TIMEOUT', message: 'Nothing was heard of you. Connect again.' },
      null,
      context,
    );
    session.hasInputEnded = true;
    if (session.life === 'connected') goAway(session, context);
    else detach(session, context);
    return;
  }
  if (quietMs >= pingEveryMs && !session.isPingDue) {
    session.isPingDue = true;
    say(session, 'PING', {}, context);
    context.after('ping', Math.max(1, pingTimeoutMs - pingEveryMs));
    return;
  }
  const untilMs = session.isPingDue ? pingTimeoutMs : pingEveryMs;
  context.after('ping', Math.max(1, untilMs - quietMs));
}

/** [HP-ERR-5] Nobody knows whether it was done: the same id asks again. */
function unanswered(session: Session, context: Turn): void {
  const { pending, chat } = session;
  session.isWatched = false;
  if (pending === undefined) return;
  if (context.now - pending.since < chat.options.answerTimeoutMs * 1_000) {
    watchAnswer(session, context);
    return;
  }
  context.count('chat.requests.unanswered');
  const isLogin = pending.request.type === 'LOGIN';
  // It may be let in yet, where nobody is, or nobody waits for it.
  if ((session.isGone || isLogin) && session.who !== undefined)
    part(session, session.who, [], context);
  if (session.isGone) {
    goAway(session, context);
    return;
  }
  if (pending.request.type === 'RESUME' && session.luggage !== undefined) {
    resumeWithout(session, context);
    return;
  }
  if (pending.request.type === 'JOIN') notSeated(session, pending.request.room, context);
  if (isLogin) nobody(session, context);
  answerError(session, { code: 'TIMEOUT', message: 'No answer came in time.' }, context);
}

/** [HP-ROOM-3] Who sat there before it asked again sits there still. */
function notSeated(session: Session, room: string, context: Turn): void {
  if (session.seats.get(room)?.phase !== 'seated') giveUpSeat(session, room, context);
}

function notAllowed(session: Session, ref: number, mistake: HpMistake, context: Turn): void {
  const { pending } = session;
  if (pending === undefined || ref !== pending.ref) return;
  if (session.isGone && pending.request.type === 'RESUME') {
    goAway(session, context);
    return;
  }
  switch (pending.request.type) {
    case 'LOGIN':
      notRegistered(session, mistake, context);
      return;
    case 'JOIN':
      giveUpSeat(session, pending.request.room, context);
      answerError(session, mistake, context);
      return;
    case 'RESUME':
      if (session.luggage === undefined) answerError(session, mistake, context);
      else resumeWithout(session, context);
      return;
    default:
      answerError(session, mistake, context);
  }
}

/** [HP-ROOM-9] Keepers that died are told again who is here. */
function shardDown(session: Session, shard: number, context: Turn): void {
  const { chat, who } = session;
  if (session.partsFrom === shard) parted(session, context);
  if (who === undefined || session.isStopping) return;
  for (const { room, phase, place, joined: reply } of session.seats.values()) {
    // Whoever is away sits where it sat, though it may have been about to come back; and who was let in is about to be told so.
    const isIn = phase === 'seated' || reply !== undefined || session.life === 'detached';
    if (isIn && shardOfRoom(chat, room) === shard)
      askToJoin(session, room, 0, undefined, false, NO_REF, context, place);
  }
  // Not before those who are watched have told it that they are here.
  if (session.watched.size > 0) context.after('watch', WATCH_AGAIN_MS);
  if (shardOfUser(chat, who.user) === shard && session.life !== 'connected')
    register(session, who, true, context);
}

const WATCH_AGAIN_MS = 1_000;
const LOOK_EVERY_MS = 250;
