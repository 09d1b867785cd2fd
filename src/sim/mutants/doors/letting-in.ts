// Bugs of the way in: pages, tokens that nobody judges, and what plain requests are told.

import type { Mutant } from '../mutant.ts';

export const lettingIn: readonly Mutant[] = [
  {
    name: 'batch-good-when-some-is',
    breaks: ['conversation'],
    requirements: ['BROKER-HTTP-3'],
    file: 'broker/http-request.actor.ts',
    find: '.every(({ kind }) =>',
    replace: '.some(({ kind }) =>',
    story: 'A list of publications is answered 200 when one of them has its place.',
  },
  {
    name: 'any-page-opens-a-socket',
    breaks: ['requests', 'welcome', 'conversation'],
    requirements: ['BROKER-DOOR-3'],
    file: 'broker/broker-door.actor.ts',
    find: '  if (!isOriginAllowed(door, asked))\n    respond(',
    replace: '  if (asked.subprotocols.length > 0 && !isOriginAllowed(door, asked))\n    respond(',
    story: 'The list of pages is held to requests, and WebSockets are taken from all of them.',
  },
  {
    name: 'unjudged-token-is-bad',
    breaks: ['rights'],
    requirements: ['BROKER-AUTH-5'],
    file: 'broker/ws-session.actor.ts',
    find: 'refuse(state, noVerdict(), context);',
    replace: "refuse(state, refusalFor({ reason: 'The token was not judged.' }), context);",
    story: 'Where nobody judges a token in time, its client is told that it is bad, and drops it.',
  },
  {
    name: 'unjudged-token-publishes',
    breaks: ['conversation', 'rights'],
    requirements: ['BROKER-AUTH-5'],
    file: 'broker/http-request.actor.ts',
    find: 'if (!state.isJudged) answer(state, noVerdict(), context);',
    replace: 'if (!state.isJudged) obey(state, context);',
    story:
      'Where nobody judges a token in time, a plain request is obeyed as if none were asked for.',
  },
];
