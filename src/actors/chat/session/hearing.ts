// What a client sends, line by line: one request is answered before the next line is looked at, so that everything
// happens in the order in which it was asked. What is too much, too fast or no message at all is dealt with here.
// Refuses to know what requests mean. Obeys spec/hp.md, sections "Framing", "Envelope", "Liveness" and "Limits".

import { secondsNow } from '../../runtime/actor.ts';
import { type Envelope, isGarbage, readEnvelope } from '../../codecs/hp/envelope.ts';
import { isBlank, looksLikeHttp, mayBeAck, type Taken } from '../../codecs/hp/line-splitter.ts';
import { type HpMistake, refused } from '../../codecs/hp/mistakes.ts';
import { readPayload } from '../../codecs/hp/payloads.ts';
import { refuse } from './leaving.ts';
import { obey } from './obeying.ts';
import { acknowledged } from './talking.ts';
import { freshId, has, isHere, sayError, type Session, type Turn } from './session.ts';

export function hear(session: Session, chunk: Uint8Array, context: Turn): void {
  if (!isHere(session)) return;
  context.count('chat.bytes.in', chunk.byteLength);
  if (session.pending?.request.type !== 'RESUME') session.isHeardOf = true;
  session.splitter.push(chunk);
}

/** Takes lines for as long as none of them has to wait. */
export function readOn(session: Session, context: Turn): void {
  while (isHere(session) && session.pending === undefined && !session.isThrottled) {
    const taken = session.splitter.next();
    if (taken === undefined) break;
    take(session, taken, context);
  }
  takeAcks(session, context);
  holdBack(session, context);
}

/** [HP-FRAME-2] Whoever waits for others may be waited for by them. */
function takeAcks(session: Session, context: Turn): void {
  const isWaiting = (): boolean =>
    isHere(session) && session.pending !== undefined && !session.isThrottled;
  if (!has(session, 'ack')) return;
  while (isWaiting()) {
    const ack = session.splitter.ahead((line) => readAck(session, line));
    if (ack === undefined) return;
    charge(session, ack.bytes, context);
    heardSomething(session, context);
    context.count('chat.lines.in');
    acknowledged(session, ack.refs, context);
  }
}

function readAck(session: Session, line: Uint8Array) {
  // Most lines are spared the reading.
  if (!mayBeAck(line)) return undefined;
  const { options } = session.chat;
  const reading = readEnvelope(line, options.envelope === 'lenient');
  if (!reading.ok || reading.envelope.type !== 'ACK') return undefined;
  const payload = readPayload(reading.envelope, options);
  if (!payload.ok || payload.request.type !== 'ACK') return undefined;
  return { refs: payload.request.refs, bytes: line.byteLength + 1 };
}

/** Stops reading from the network while what came is not dealt with. */
function holdBack(session: Session, context: Turn): void {
  const { connection, chat, splitter } = session;
  const isBusy = session.pending !== undefined && splitter.waitingBytes > WAITING_BYTES_MAX;
  const isHeld = isHere(session) && (session.isThrottled || isBusy);
  if (isHeld === session.isHeld) return;
  session.isHeld = isHeld;
  context.send(chat.edges.web, { type: 'hold', connection, isHeld });
}

function take(session: Session, taken: Taken, context: Turn): void {
  const isIn = session.who !== undefined;
  if (taken.kind === 'flood') {
    const message = 'The line does not end.';
    refuse(session, { code: 'LINE_TOO_LONG', message }, null, context);
    return;
  }
  if (taken.kind === 'tooLong') {
    heardSomething(session, context);
    const message = `A line has at most ${session.splitter.lineBytesMax} bytes.`;
    // [HP-FRAME-5] [HP-FRAME-6]
    if (isIn) sayError(session, { code: 'LINE_TOO_LONG', message }, null, context, false);
    else refuse(session, { code: 'LINE_TOO_LONG', message }, null, context);
    return;
  }
  charge(session, taken.bytes.byteLength + 1, context);
  heardSomething(session, context);
  const isFirst = session.isFirstLine;
  if (isBlank(taken.bytes)) return; // [HP-FRAME-3]
  session.isFirstLine = false;
  if (isFirst && looksLikeHttp(taken.bytes)) {
    // [HP-FRAME-7]
    context.count('chat.http');
    const { remote } = session.opened;
    const entry = { type: 'log', level: 'warn', event: 'chat.crossProtocol' } as const;
    context.send(session.chat.edges.log, { ...entry, fields: { remote } });
    session.splitter.clear();
    const message = 'This port speaks HP, one JSON object a line, and no HTTP.';
    refuse(session, { code: 'INVALID_JSON', message }, null, context);
    return;
  }
  context.count('chat.lines.in');
  const reading = readEnvelope(taken.bytes, session.chat.options.envelope === 'lenient');
  if (reading.ok) request(session, reading.envelope, context);
  else mistaken(session, reading.mistake, reading.ref, context);
}

/** [HP-LIVE-1] Any line tells that the client is there. */
function heardSomething(session: Session, context: Turn): void {
  session.heardAt = context.now;
  // [HP-LIVE-3] Whoever has answered is not waited for any more: it is asked again in its time.
  if (session.isPingDue) context.after('ping', session.chat.options.pingEveryMs);
  session.isPingDue = false;
  // [HP-RES-8] [HP-RES-10] What it has said before it was told says nothing of that.
  if (!session.isHeardOf) return;
  session.gapsTold = [];
  session.isAnew = false;
}

/** [HP-LIM-3] Faster than that, and what comes waits in the network. */
function charge(session: Session, bytes: number, context: Turn): void {
  const waitUs = session.byteRate.charge(bytes, context.now);
  if (waitUs === 0) return;
  session.isThrottled = true;
  context.count('chat.throttled');
  context.after('throttle', Math.ceil(waitUs / 1_000));
}

export function unthrottle(session: Session): void {
  session.isThrottled = false;
}

function mistaken(session: Session, mistake: HpMistake, ref: string | null, context: Turn): void {
  if (isGarbage(mistake) && isTooMuchGarbage(session, context.now)) {
    refuse(session, mistake, ref, context);
    return;
  }
  const isFatal = mistake.code === 'INVALID_VERSION' || mistake.code === 'UNSUPPORTED_VERSION';
  if (isFatal) refuse(session, mistake, ref, context);
  else sayError(session, mistake, ref, context);
}

/** [HP-ERR-3] */
function isTooMuchGarbage(session: Session, now: number): boolean {
  const isIn = session.who !== undefined;
  const since = isIn ? now - GARBAGE_WINDOW_US : Number.NEGATIVE_INFINITY;
  session.garbage = [...session.garbage.filter((at) => at > since), now];
  return session.garbage.length >= (isIn ? GARBAGE_MAX : GARBAGE_BEFORE_LOGIN_MAX);
}

function request(session: Session, envelope: Envelope, context: Turn): void {
  // [HP-ENV-5] [HP-ENV-6] What a lenient listener lets people leave out.
  const id = envelope.id ?? freshId(session);
  const timestamp = envelope.timestamp ?? secondsNow(context);
  const isIn = session.who !== undefined;
  if (!isIn && !beforeLogin.includes(envelope.type)) {
    const message = 'Log in first.';
    sayError(session, { code: 'NOT_LOGGED_IN', message }, id, context);
    return;
  }
  if (isIn && onlyBeforeLogin.includes(envelope.type)) {
    const { mistake } = refused(
      'ALREADY_LOGGED_IN',
      'You are logged in already. Say BYE first, or connect once more.',
    );
    sayError(session, mistake, id, context);
    return;
  }
  const reading = readPayload(envelope, session.chat.options);
  if (!reading.ok) sayError(session, reading.mistake, id, context);
  else {
    session.asked += 1;
    session.pending = {
      ref: session.asked,
      since: context.now,
      id,
      timestamp,
      request: reading.request,
      missing: 0,
      presences: [],
      rooms: [],
      hasMore: false,
      counts: { users: 0, rooms: 0, waiting: 0, sessions: new Map() },
      isPartial: false,
      user: '',
    };
    if (dear.includes(envelope.type)) charge(session, DEAR_BYTES, context);
    obey(session, reading.request, context);
    watchAnswer(session, context);
  }
}

/** [HP-ERR-5] One timer for all requests, which as a rule are answered long before: it is set anew where one is not. */
export function watchAnswer(session: Session, context: Turn): void {
  const { pending, isWatched } = session;
  if (pending === undefined || isWatched) return;
  session.isWatched = true;
  const untilUs = pending.since + session.chat.options.answerTimeoutMs * 1_000 - context.now;
  context.after('answer', Math.ceil(untilUs / 1_000));
}

/** [HP-SESS-5] */
const beforeLogin: readonly string[] = ['HELLO', 'LOGIN', 'RESUME', 'PING', 'PONG', 'BYE'];
const onlyBeforeLogin: readonly string[] = ['HELLO', 'LOGIN', 'RESUME'];
/** [HP-LIM-3] What is short to ask and long to answer, as if it were long. */
const dear: readonly string[] = ['ROOM_LIST', 'ROOM_MEMBERS', 'HISTORY', 'STATS'];
const DEAR_BYTES = 4_096;
const WAITING_BYTES_MAX = 65_536;
const GARBAGE_BEFORE_LOGIN_MAX = 3;
const GARBAGE_MAX = 10;
const GARBAGE_WINDOW_US = 60_000_000;
