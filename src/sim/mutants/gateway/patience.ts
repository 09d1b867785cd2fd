// Planted bugs in what takes its time: retries, timeouts, what is said when nothing else is, and what operators are told.
// Errands find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';
const breaks = ['errands-answered'];

export const patienceMutants: readonly Mutant[] = [
  {
    ...{ name: 'links-asked-for-once-less', dialect, breaks, requirements: ['GRIP-NEXT-7'] },
    file: 'gateway/requests/streaming.ts',
    find: 'const waitMs = RETRY_AFTER_MS[state.attempts];',
    replace: 'const waitMs = RETRY_AFTER_MS[state.attempts + 1];',
    story:
      'The count of attempts is taken for one that has been raised: the first pause is two seconds, and the fourth failure the last.',
  },
  {
    ...{ name: 'hung-origins-keep-clients', dialect, breaks, requirements: ['WOH-CLOSE-4'] },
    file: 'gateway/ws/ws-session.actor.ts',
    find: '  context.after(LEFT_TIMER, LEFT_MAX_MS);\n',
    replace: '',
    story:
      'Clients that are gone are kept for as long as their origins hang, and take the room of those who come.',
  },
  {
    ...{ name: 'quiet-origins-asked-once', dialect, breaks, requirements: ['WOH-KEEP-1'] },
    file: 'gateway/ws/origins/woh.ts',
    find: '    this.#isKeepAliveDue = false;\n    context.cancel(KEEP_ALIVE_TIMER);',
    replace: '    context.cancel(KEEP_ALIVE_TIMER);',
    story:
      'That a question is due is not forgotten when it is asked: an origin that wants to be asked when all is quiet is asked once.',
  },
  {
    ...{ name: 'hearts-of-pages-beat-at-the-end', dialect, breaks, requirements: ['SOCKJS-14'] },
    file: 'gateway/sockjs/polling.ts',
    find: 'export const HEARTBEAT_MS = 25_000;',
    replace: 'export const HEARTBEAT_MS = 60_000;',
    story: 'Proxies that end what is silent for half a minute end the page.',
  },
  {
    ...{ name: 'blocks-that-are-begun-are-none', dialect, requirements: ['GRIP-STATS-4'] },
    breaks: ['errands-noticed'],
    file: 'gateway/channels/blocks.ts',
    find: 'Math.ceil(size / messageBlockBytes)',
    replace: 'Math.round(size / messageBlockBytes)',
    story: 'A block that is begun is not counted, and the operator is billed for what nobody was.',
  },
  {
    ...{ name: 'sockets-take-no-room', dialect, breaks, requirements: ['GRIP-CLIENT-6'] },
    file: 'gateway/gateway-door.actor.ts',
    find: 'if (requests.size + sockets.size >= gateway.options.connectionsMax) {',
    replace: 'if (requests.size >= gateway.options.connectionsMax) {',
    story: 'Since WebSockets are kept in a map of their own they are not counted any more.',
  },
  {
    ...{ name: 'those-that-waited-cost-nothing', dialect, breaks, requirements: ['GRIP-LIMIT-4'] },
    file: 'gateway/channels/pacer.ts',
    find: '      this.#spend(next.receivers, now, messageRate);\n',
    replace: '',
    story:
      'Only what goes at once is paid for: when its time has come all that waits goes in the same instant.',
  },
];
