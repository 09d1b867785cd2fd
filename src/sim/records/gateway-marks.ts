// What a gateway's run may have met, counted from its trace. Refuses to judge.

import type { GatewayRecord } from './gateway-records.ts';

type Watcher = {
  readonly [K in GatewayRecord['kind']]?: (
    event: Extract<GatewayRecord, { readonly kind: K }>,
  ) => void;
};

const outages = ['refused', 'unreachable', 'silent'];
const faults = ['broken', 'error', 'lying', 'truncated'];

/** Every mark that some run of a gateway must reach. */
export const gatewayMarks: readonly string[] = [
  ...[...outages, ...faults].map((what) => `origin ${what}`),
  ...['poll', 'stream', 'ws', 'plain'].map((what) => `asked by ${what}`),
  ...['answered 200', 'answered 200, with items', 'answered 400', 'answered 500', 'answered 502'],
  ...['hold response', 'hold stream', 'hold none', 'hold told wrong', 'hold asked again'],
  ...['opened', 'next asked', 'gone told', 'answer cut short', 'holder lost patience'],
  ...['asked with a filter', 'kept alive', 'heard what was delayed'],
  ...['direct asked', 'origin pressed', 'origin held', 'origin closed'],
  ...['item published twice', 'words taken in part', 'word echoed', 'parting taken'],
  ...['routes written', 'item dropped', 'item published over SUB'],
  ...['plain', 'poll', 'stream', 'socket'].map((shape) => `scene of a ${shape}`),
  ...['failed', 'collected', 'relayed', 'abandoned', 'closed'].map((how) => `fetch ${how}`),
];

export function gatewayWatcher(reach: (name: string) => void): Watcher {
  /** Connections whose question an origin has heard. */
  const heard = new Set<number>();
  return {
    itemSent({ isRepeat, way }) {
      if (way === 'sub') reach('item published over SUB');
      if (isRepeat) reach('item published twice');
    },
    holdAsked({ what, filter }) {
      reach(`asked by ${what}`);
      if (filter !== undefined) reach('asked with a filter');
    },
    routesWritten: () => reach('routes written'),
    itemDropped: () => reach('item dropped'),
    holdKept: () => reach('kept alive'),
    delayHeard: () => reach('heard what was delayed'),
    originHeard({ connection, purpose }) {
      if (purpose === 'next') reach('next asked');
      else if (purpose === 'gone') reach('gone told');
      else if (purpose === 'socket') reach('direct asked');
      else if (purpose === 'request') {
        if (heard.has(connection)) reach('hold asked again');
        heard.add(connection);
      }
    },
    originSaid({ hold, isLie }) {
      reach(`hold ${hold}`);
      if (isLie) reach('hold told wrong');
    },
    holdAnswered: ({ status, lines }) =>
      reach(lines.length > 0 ? `answered ${status}, with items` : `answered ${status}`),
    holdOpened: () => reach('opened'),
    holdEnded({ by, isWhole }) {
      if (by === 'patience') reach('holder lost patience');
      else if (by !== 'client' && !isWhole) reach('answer cut short');
    },
    wordsAnswered({ isPartial }) {
      if (isPartial) reach('words taken in part');
    },
    wordEchoed: () => reach('word echoed'),
    partingTaken: () => reach('parting taken'),
    sceneBegan: ({ scene }) => reach(`scene of a ${scene.shape}`),
    fetchEnded: ({ how }) => reach(`fetch ${how}`),
  };
}
