// What a talker reads is what a node may say, and each request has one answer of the right kind, in the order of asking: a line
// that is wrong has its error, and what is right is refused for want of something only where something is wanting.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const hpWords: Invariant = {
  property: 'hp-words',
  requirements: ['HP-OUT-1', 'HP-OUT-2', 'HP-MSG-7', 'HP-DM-9'],
  judge(report) {
    return {
      talkerMisheard(event) {
        report(event, `client ${event.client} heard what no node may say: ${event.what}`);
      },
    };
  },
};

/** The answers that are right, with the errors that each may be instead; limits are judged elsewhere. */
const answers: Readonly<Record<string, readonly [right: string, ...errors: string[]]>> = {
  HELLO: ['HELLO_OK'],
  LOGIN: ['LOGIN_OK', 'USERNAME_TAKEN', 'SESSION_LIMIT'],
  RESUME: ['RESUME_OK', 'SESSION_EXPIRED', 'UNAVAILABLE'],
  BYE: ['BYE'],
  PING: ['PONG'],
  JOIN: ['JOIN_OK', 'RATE_LIMITED', 'FORBIDDEN', 'ROOM_FULL'],
  LEAVE: ['LEAVE_OK'],
  ROOM_LIST: ['ROOM_LIST_OK'],
  ROOM_MEMBERS: ['ROOM_MEMBERS_OK', 'NO_SUCH_ROOM'],
  ROOM_MESSAGE: ['ACK', 'RATE_LIMITED'],
  DIRECT_MESSAGE: ['ACK', 'RATE_LIMITED', 'QUEUE_FULL', 'USER_OFFLINE'],
  RECEIPT: ['ACK'],
  PRESENCE_SET: ['ACK', 'RATE_LIMITED'],
  PRESENCE_SUBSCRIBE: ['PRESENCE_STATE', 'INVALID_PAYLOAD'],
  PRESENCE_UNSUBSCRIBE: ['ACK'],
  PRESENCE_QUERY: ['PRESENCE_STATE'],
  HISTORY: ['HISTORY_OK'],
  WHOAMI: ['WHOAMI_OK'],
  STATS: ['STATS_OK'],
};

/** In trouble nobody may know, and a node that goes lets nobody sit down. */
const IN_TROUBLE: readonly string[] = [
  ...['TIMEOUT', 'UNAVAILABLE', 'NOT_IN_ROOM', 'SESSION_LIMIT'],
  // A session that died with its thread does not come back beside one that its user has begun since.
  'USERNAME_TAKEN',
];
/** Of notices that are asked for by having the state. */
const NEVER_TYPING: readonly string[] = ['TYPING', 'ACK', 'PONG'];

export const hpAnswers: Invariant = {
  property: 'hp-answers',
  requirements: ['HP-FRAME-2', 'HP-ERR-1', 'HP-JSON-3', 'HP-ENV-9', 'HP-SESS-5'],
  judge(report) {
    const troubles = new Troubles();
    const isTroubled = ({ node, client, at }: EventOf<'talkerAnswered'>): boolean =>
      troubles.ofTalker(client, node, at - BEFORE_US, at) ||
      (troubles.isCluster && (troubles.ofCluster(at - BEFORE_US, at) || at < TOGETHER_US));
    return {
      ...troubles.watcher,
      talkerAnswered(event) {
        const { client, asked, what, code, expected, isOutOfTurn } = event;
        const heard = code ?? what;
        if (asked === undefined) {
          // Signs of typing are not answered, but for mistakes.
          if (code !== 'NOT_IN_ROOM' && code !== 'RATE_LIMITED')
            report(event, `client ${client} is answered ${heard}, and had not asked`);
          return;
        }
        if (NEVER_TYPING.includes(asked)) return;
        if (isOutOfTurn)
          report(
            event,
            `client ${client} is answered ${heard} to ${asked} before what it asked first`,
          );
        const [right, ...errors] = expected === undefined ? (answers[asked] ?? ['']) : [expected];
        if (heard === right || (code !== undefined && errors.includes(code))) return;
        if (code !== undefined && IN_TROUBLE.includes(code) && isTroubled(event)) return;
        // [HP-LIM-2]
        const hasFewRooms = troubles.terms?.hasFewRooms === true;
        if (asked === 'JOIN' && code === 'UNAVAILABLE' && hasFewRooms) return;
        report(event, `client ${client} is answered ${heard} to ${asked}, and not ${right}`);
      },
    };
  },
};

/** How long a question may take, and what follows from a trouble. */
const BEFORE_US = 20_000_000;
/** Until then nodes have not found each other. */
const TOGETHER_US = 4_000_000;
