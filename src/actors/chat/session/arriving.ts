// How a client comes in: it may ask who is here, and it says who it is, and proves it where the operator wants proof.
// Refuses to know rooms. Obeys spec/hp.md, sections "HELLO" and "LOGIN".

import { type HpMistake, refused } from '../../codecs/hp/mistakes.ts';
import { isUserName, userKey } from '../../codecs/hp/names.ts';
import { knownCaps, type RequestOf } from '../../codecs/hp/requests.ts';
import { ticketText } from '../../codecs/hp-peer/ticket.ts';
import { VERSION } from '../../codecs/hp/envelope.ts';
import type { TokenVerdict } from '../../runtime/edges.ts';
import type { PasswordVerdict } from '../../runtime/tcp/tcp-edges.ts';
import { shardOfUser } from '../chat-context.ts';
import { limitsTold } from '../chat-options.ts';
import type { SessionEntry, UserReply } from '../users/user-messages.ts';
import { goAway, part, refuse } from './leaving.ts';
import { tellWaiting } from './talking.ts';
import {
  advance,
  answer,
  answerError,
  type Identity,
  leaveUnanswered,
  lineOf,
  ownKeeper,
  refOf,
  type Session,
  type Turn,
} from './session.ts';

/** [HP-HELLO-1] [HP-HELLO-2] */
export function hello(session: Session, request: RequestOf<'HELLO'>, context: Turn): void {
  const { caps, versions } = request;
  const { options } = session.chat;
  if (versions.length > 0 && !versions.some((version) => version.startsWith('1.'))) {
    const text = `This server speaks version ${VERSION}.`;
    const { mistake } = refused('UNSUPPORTED_VERSION', text, 'payload.versions');
    refuse(session, mistake, session.pending?.id ?? null, context);
    return;
  }
  if (session.helloCaps !== undefined) {
    const { mistake } = refused('FORBIDDEN', 'HELLO is said once.', 'type');
    answerError(session, mistake, context);
    return;
  }
  session.helloCaps = caps;
  answer(
    session,
    'HELLO_OK',
    {
      version: VERSION,
      node: options.node,
      cluster: options.cluster,
      caps: knownCaps,
      auth: options.auth,
      limits: limitsTold(options),
    },
    context,
  );
}

/** [HP-LOGIN-1] [HP-LOGIN-2] */
export function login(session: Session, request: RequestOf<'LOGIN'>, context: Turn): void {
  const { options, edges } = session.chat;
  const { opened } = session;
  const { method, password, token } = request.auth;
  if (!(options.auth as readonly string[]).includes(method)) {
    const isNone = method === 'none';
    const ways = options.auth.join(', ');
    const text = isNone ? `Prove who you are: ${ways}.` : `Here the method is one of: ${ways}.`;
    const code = isNone ? 'AUTH_REQUIRED' : 'AUTH_METHOD';
    failed(session, refused(code, text, 'payload.auth').mistake, context);
    return;
  }
  // [HP-LOGIN-5]
  if (method !== 'none' && !opened.isSecure && !opened.isLoopback && !options.allowPlaintext) {
    const text = 'Secrets are taken over TLS alone.';
    failed(session, refused('AUTH_METHOD', text, 'payload.auth').mistake, context);
    return;
  }
  const { user } = request;
  const ref = refOf(session);
  if (session.pending !== undefined) session.pending.user = user;
  if (method === 'none') enter(session, user, undefined, context);
  else if (method === 'password') {
    const { remote } = opened;
    const replyTo = context.self;
    // [HP-LOGIN-8]
    const desk = session.chat.passwordsOfShard(shardOfUser(session.chat, user));
    context.send(desk, { type: 'verifyPassword', user, password, remote, ref, replyTo });
  } else context.send(edges.auth, { type: 'verify', token, ref, replyTo: context.self });
}

/** [HP-LOGIN-3] One text, whatever was wrong. */
export function passwordJudged(session: Session, verdict: PasswordVerdict, context: Turn): void {
  if (verdict.ref !== refOf(session) || session.pending?.request.type !== 'LOGIN') return;
  if (verdict.type === 'passwordVerified') enter(session, verdict.user, undefined, context);
  else if (verdict.type === 'passwordRefused' && verdict.retryAfterSeconds !== undefined) {
    const retryAfter = verdict.retryAfterSeconds;
    failed(session, { code: 'RATE_LIMITED', message: 'Too many logins.', retryAfter }, context);
  } else failed(session, NOT_PROVED, context);
}

/** [HP-LOGIN-4] A token names its user. */
export function tokenJudged(session: Session, verdict: TokenVerdict, context: Turn): void {
  const { pending } = session;
  if (verdict.ref !== refOf(session) || pending?.request.type !== 'LOGIN') return;
  const isGood =
    verdict.type === 'tokenVerified' &&
    // Letters that names do not have may be letters of names when they are made small.
    isUserName(verdict.subject ?? '') &&
    userKey(verdict.subject ?? '') === userKey(pending.user);
  if (!isGood) {
    failed(session, NOT_PROVED, context);
    return;
  }
  const { expiresInMs } = verdict;
  if (expiresInMs === undefined) enter(session, pending.user, undefined, context);
  else {
    context.after('expiry', expiresInMs);
    // The nearest second: it was one before leeway and clocks made milliseconds of it.
    const until = Math.round((context.wallMs + expiresInMs) / 1_000);
    enter(session, pending.user, until, context);
  }
}

const NOT_PROVED: HpMistake = {
  code: 'AUTH_FAILED',
  message: 'The user is not known, or the proof is wrong.',
};

/** [HP-LOGIN-6] So many, and the last one ends the connection. */
function failed(session: Session, mistake: HpMistake, context: Turn): void {
  session.failedLogins += 1;
  context.count('chat.logins.failed');
  if (session.failedLogins < session.chat.options.failedLoginsMax)
    answerError(session, mistake, context);
  else refuse(session, mistake, session.pending?.id ?? null, context);
}

/** The user's keeper decides whether there is a place. */
function enter(session: Session, user: string, until: number | undefined, context: Turn): void {
  const { pending, opened, chat } = session;
  if (pending?.request.type !== 'LOGIN') return;
  const { caps, status } = pending.request;
  session.who = {
    user,
    // A login that was given up must not be taken for the next one.
    session: `${chat.options.node}-${opened.nonce.slice(0, 10)}${session.asked.toString(36)}`,
    secret: opened.secret,
    caps: [...new Set([...caps, ...(session.helloCaps ?? [])])],
    status,
    note: undefined,
    until,
  };
  register(session, session.who, false, context);
}

export function register(session: Session, who: Identity, isAgain: boolean, context: Turn): void {
  context.send(ownKeeper(session), {
    type: 'register',
    user: who.user,
    entry: entryOf(session, who, context),
    isAgain,
    ref: isAgain ? AGAIN_REF : refOf(session),
    replyTo: context.self,
  });
}

export function entryOf(session: Session, who: Identity, context: Turn): SessionEntry {
  const { user: _, caps: __, until: ___, ...known } = who;
  return {
    ...known,
    shard: session.chat.shard,
    address: context.self,
    isDetached: session.life === 'detached',
  };
}

/** [HP-LOGIN-1] LOGIN_OK first, and then what waited for the user. */
export function registered(
  session: Session,
  reply: Extract<UserReply, { readonly type: 'registered' }>,
  context: Turn,
): void {
  const { who, chat } = session;
  if (reply.ref === AGAIN_REF) return;
  if (session.isGone || reply.ref !== refOf(session) || who === undefined) {
    tooLate(session, reply, context);
    return;
  }
  advance(session, 'loggedIn');
  session.splitter.lineBytesMax = chat.options.lineBytesMax;
  session.garbage = [];
  context.cancel('login');
  context.count('chat.sessions');
  context.count('chat.logins');
  const ref = session.pending?.id;
  const payload = { ref, ...welcome(session, who), ...more(reply) };
  const ok = lineOf(session, 'LOGIN_OK', payload, context);
  leaveUnanswered(session);
  tellWaiting(session, ok, reply.offline, context);
}

/** Too late: nobody is here who could use the place, or hear what waited. */
function tooLate(
  session: Session,
  reply: Extract<UserReply, { readonly type: 'registered' }>,
  context: Turn,
): void {
  part(session, reply, reply.offline, context);
  if (session.isGone) goAway(session, context);
}

function more({ offline, sessions }: { offline: readonly unknown[]; sessions: number }) {
  return { offline_count: offline.length, sessions };
}

export function welcome({ chat }: Session, who: Identity) {
  const { user, session, caps, status } = who;
  const { options, incarnation } = chat;
  return {
    user,
    session,
    node: options.node,
    incarnation,
    heartbeat: options.pingEveryMs / 1_000,
    resume: {
      token: ticketText(who, chat.signers),
      window: options.resumeWindowMs / 1_000,
    },
    caps,
    status,
    limits: limitsTold(options),
  };
}

/** Who was to come in does not; the end of the token that proved it ends nothing here. */
export function nobody(session: Session, context: Turn): void {
  session.who = undefined;
  context.cancel('expiry');
}

/** The keeper has no place for the session. */
export function notRegistered(session: Session, mistake: HpMistake, context: Turn): void {
  nobody(session, context);
  if (session.isGone) goAway(session, context);
  else answerError(session, mistake, context);
}

/** No request has this number. */
const AGAIN_REF = 0;
