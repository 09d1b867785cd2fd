// Planted bugs in what operators are told, in the last words of whoever fails, and in what one request may hold.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';

export const tellingMutants: readonly Mutant[] = [
  {
    ...{
      name: 'interval-holds-once',
      dialect,
      breaks: ['intervals'],
      requirements: ['WOH-KEEP-2'],
    },
    file: 'gateway/ws/origins/woh.ts',
    find: 'this.#keepAliveMs = keepAliveMsOf(headers, this.#keepAliveMs);',
    replace: 'this.#keepAliveMs = keepAliveMsOf(headers, undefined);',
    story:
      'An origin that says once how often it wants to be asked is forgotten with its next answer.',
  },
  {
    ...{ name: 'retried-at-once', dialect, breaks: ['retries'], requirements: ['WOH-RETRY-1'] },
    file: 'gateway/ws/origins/woh.ts',
    find: '    this.#isRetryDue = true;\n',
    replace: '',
    story: 'An origin that cannot be reached is asked again, and again, without a pause.',
  },
  {
    ...{ name: 'retries-not-counted', dialect, breaks: ['retries'], requirements: ['WOH-RETRY-1'] },
    file: 'gateway/ws/origins/woh.ts',
    find: '    this.#retries += 1;\n',
    replace: '',
    story: 'An origin that cannot be reached is asked each second for ever.',
  },
  {
    ...{ name: 'failed-and-said-nothing', dialect, breaks: ['holders-last-words'] },
    requirements: ['RUN-1'],
    file: 'gateway/requests/request.actor.ts',
    find: "context.send(edges.gateway, { type: 'answer', connection, ...said, isLast: true });",
    replace: '',
    story: 'Whoever answers a poll fails, and its client waits for an answer for ever.',
  },
  {
    ...{ name: 'failed-and-stays-open', dialect, breaks: ['holders-last-words'] },
    requirements: ['RUN-1'],
    file: 'gateway/ws/ws-session.actor.ts',
    find: "else context.send(edges.web, { type: 'close', connection, ...INTERNAL_ERROR });",
    replace: '',
    story: 'A WebSocket whose session failed stays open, and nobody listens to it.',
  },
  {
    ...{ name: 'failed-and-followed-on', dialect, breaks: ['followers'] },
    requirements: ['GRIP-STATS-1'],
    file: 'gateway/ws/ws-session.actor.ts',
    find: '    letGo(session, context);\n    origin?.abandon(context);\n    sayDisconnected',
    replace: '    origin?.abandon(context);\n    sayDisconnected',
    story: 'A session that failed is counted among the followers of its channels.',
  },
  {
    ...{ name: 'gone-and-nobody-told', dialect, breaks: ['clients-told'] },
    requirements: ['GRIP-STATS-3'],
    file: 'gateway/ws/ws-session.actor.ts',
    find: '  session.delayed = undefined;\n  sayDisconnected(session, context);\n',
    replace: '  session.delayed = undefined;\n',
    story: 'Operators see more WebSockets every day, of clients who have left.',
  },
  {
    ...{ name: 'asked-again-is-asked', dialect, breaks: ['requests-logged'] },
    requirements: ['GRIP-LOG-1'],
    file: 'gateway/requests/polling.ts',
    find: 'logHeld(state, isRetry, context);',
    replace: 'logHeld(state, false, context);',
    story: 'In the log one poll is as many requests as its origin was asked times.',
  },
  {
    ...{ name: 'first-target-logged', dialect, breaks: ['requests-logged'] },
    requirements: ['GRIP-LOG-1'],
    file: 'gateway/requests/answers.ts',
    find: 'return admitted.route.targets[answeredBy];',
    replace: 'return admitted.route.targets[0];',
    story: 'The log names a target that is dead as the one that has answered.',
  },
  {
    ...{ name: 'one-event-is-all', dialect, breaks: ['words'], requirements: ['WOH-REQ-2'] },
    file: 'gateway/ws/origins/woh.ts',
    find: 'new EventQueue(target.oneEvent ? 1 : Number.POSITIVE_INFINITY)',
    replace: 'new EventQueue(Number.POSITIVE_INFINITY)',
    story: 'An origin that takes one event at a time is told several.',
  },
  {
    ...{ name: 'each-fits-so-all-do', dialect, breaks: ['words'], requirements: ['WOH-REQ-1'] },
    file: 'gateway/ws/origins/event-queue.ts',
    find: 'bytes + content.byteLength > OFFER_BYTES_MAX;',
    replace: 'content.byteLength > OFFER_BYTES_MAX;',
    story: 'Ten messages that fit into a request each are one request of ten times its size.',
  },
  {
    ...{ name: 'longest-word-unsaid', dialect, breaks: ['origins-asked', 'words'] },
    requirements: ['WOH-REQ-1'],
    file: 'gateway/ws/origins/event-queue.ts',
    find: 'bytes + content.byteLength > OFFER_BYTES_MAX;',
    replace: 'bytes + content.byteLength >= OFFER_BYTES_MAX;',
    story: 'A message as long as may be is taken, and never offered to its origin.',
  },
];
