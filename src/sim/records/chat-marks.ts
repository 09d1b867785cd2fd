// What a chat's run may have met, counted from its trace. Refuses to judge.

import { clusterFaultKinds } from '../faults/cluster-faults.ts';
import type { ChatRecord } from './chat-records.ts';

type Watcher = {
  readonly [K in ChatRecord['kind']]?: (event: Extract<ChatRecord, { readonly kind: K }>) => void;
};

const refusals = [
  ...['RATE_LIMITED', 'QUEUE_FULL', 'USER_OFFLINE', 'SESSION_EXPIRED', 'USERNAME_TAKEN'],
  ...['UNAVAILABLE', 'TIMEOUT', 'NOT_IN_ROOM', 'NO_SUCH_ROOM'],
];
const notices = ['PING_TIMEOUT', 'SLOW_CONSUMER', 'SESSION_REPLACED', 'SERVER_DRAINING'];

/** Every mark that some run of a chat must reach. */
export const chatMarks: readonly string[] = [
  ...['logged in', 'resumed', 'resumed, with messages', 'resumed, with a gap'],
  ...['seated', 'seated already', 'left a room', 'wrong line answered'],
  ...['said: accepted', 'said: stored', 'said: already'],
  ...['direct: delivered', 'direct: accepted', 'direct: queued', 'direct: already'],
  ...['heard', 'heard late', 'direct heard', 'direct heard late', 'carbon heard'],
  ...refusals.map((code) => `refused ${code}`),
  ...notices.map((code) => `told ${code}`),
  ...['process died', 'peer suspect', 'peer down', 'peer left', 'link up', 'link lost'],
  ...[
    'stranger answered',
    'forwarded',
    'crossed',
    'bridged',
    'bridged into a room',
    'link of version 1.0',
    'link by a detour',
  ],
  ...['receipt heard', 'typing heard', 'typing heard in a room', 'status heard', 'unwatched'],
  ...['room event join', 'room event leave', 'room event count'],
];

/** And those that some run of a cluster must reach. */
export const clusterMarks: readonly string[] = clusterFaultKinds.map(
  (kind) => `cluster fault ${kind}`,
);

export function chatWatcher(reach: (name: string) => void): Watcher {
  const known = new Set(chatMarks);
  const reachKnown = (name: string): void => {
    if (known.has(name)) reach(name);
  };
  return {
    loggedIn({ isResumed, replayed, gaps }) {
      reach(isResumed ? 'resumed' : 'logged in');
      if (isResumed && replayed > 0) reach('resumed, with messages');
      if (gaps.length > 0) reach('resumed, with a gap');
    },
    seated: ({ isAlready }) => reach(isAlready ? 'seated already' : 'seated'),
    unseated: () => reach('left a room'),
    talkerAnswered({ code, expected }) {
      if (expected !== undefined) reach('wrong line answered');
      else if (code !== undefined) reachKnown(`refused ${code}`);
    },
    talkerNoticed: ({ code }) => reachKnown(`told ${code}`),
    roomAcked: ({ status, isDuplicate }) =>
      reach(isDuplicate ? 'said: already' : `said: ${status}`),
    directAcked: ({ status, isDuplicate }) =>
      reach(isDuplicate ? 'direct: already' : `direct: ${status}`),
    roomHeard({ isDelayed, from }) {
      reach(isDelayed ? 'heard late' : 'heard');
      if (from.endsWith('@broker')) reach('bridged into a room');
    },
    directHeard({ isDelayed, isSent }) {
      if (isSent) reach('carbon heard');
      else reach(isDelayed ? 'direct heard late' : 'direct heard');
    },
    processDied: () => reach('process died'),
    peerSeen({ state }) {
      if (state === 'linkUp') reach('link up');
      else if (state === 'linkDown') reach('link lost');
      else if (state !== 'up') reach(`peer ${state}`);
    },
    strangerHeard: () => reach('stranger answered'),
    peerSpoke({ type, version, connection }) {
      if (type === 'SERVER_READY' && connection < 0) reach('link by a detour');
      if (type === 'FORWARD') reach('forwarded');
      if (type === 'SERVER_CHALLENGE' && version === '1.0') reach('link of version 1.0');
    },
    crossHeard: () => reach('crossed'),
    bridgeHeard: () => reach('bridged'),
    signHeard({ what, room }) {
      if (what === 'RECEIPT') reach('receipt heard');
      else reach(room === undefined ? 'typing heard' : 'typing heard in a room');
    },
    statusHeard({ isAnswer }) {
      if (!isAnswer) reach('status heard');
    },
    unwatched: () => reach('unwatched'),
    roomEventHeard: ({ event }) => reachKnown(`room event ${event}`),
  };
}
