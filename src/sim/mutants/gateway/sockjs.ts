// Planted bugs in sessions of SockJS: what a page sends, what it hears, and when its session is over.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';

export const sockJsMutants: readonly Mutant[] = [
  {
    name: 'sock-still-waits-behind-a-heartbeat',
    dialect,
    breaks: ['sockets-hear'],
    requirements: ['SOCKJS-14'],
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: '    tell(state.poll, HEARTBEAT_FRAME, context);\n    pollEnded(state, context);',
    replace: '    tell(state.poll, HEARTBEAT_FRAME, context);',
    story:
      'A request that was answered with a heartbeat counts as waiting: the next one is sent away.',
  },
  {
    ...{ name: 'sock-hears-pings', dialect, breaks: ['sockets-hear'], requirements: ['SOCKJS-9'] },
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: "const isPassed = isText || framed.frame === 'binary';",
    replace: 'const isPassed = true;',
    story: 'A page has no pings, and hears them as messages.',
  },
  {
    ...{ name: 'sock-drops-bytes', dialect, breaks: ['sockets-hear'], requirements: ['SOCKJS-9'] },
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: "const isPassed = isText || framed.frame === 'binary';",
    replace: 'const isPassed = isText;',
    story: 'A page has texts only, and what came as bytes never reaches it.',
  },
  {
    ...{
      name: 'sock-closed-once',
      dialect,
      breaks: ['origins-asked', 'sockets-hear'],
      requirements: ['SOCKJS-13'],
    },
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: 'if (state.farewell === undefined || state.isGone) stop(state, context);',
    replace: 'stop(state, context);',
    story: 'Who asks again after a close gets a new session, and not the close.',
  },
  {
    ...{ name: 'sock-stays', dialect, breaks: ['origins-asked'], requirements: ['SOCKJS-12'] },
    file: 'gateway/sockjs/polling.ts',
    find: "  context.cancel('heartbeat');\n  context.after('absence', ABSENCE_MS);",
    replace: "  context.cancel('heartbeat');",
    story:
      'A page that does not come back is waited for, and its origin never hears that it is gone.',
  },
  {
    ...{
      name: 'sock-hears-the-last',
      dialect,
      breaks: ['sockets-hear'],
      requirements: ['SOCKJS-8'],
    },
    file: 'gateway/sockjs/polling.ts',
    find: 'tell(poll, messagesFrame(texts), context);',
    replace: 'tell(poll, messagesFrame(texts.slice(-1)), context);',
    story: 'Of what came between two requests only the last is told.',
  },
  {
    ...{ name: 'sock-of-another-shard', dialect, breaks: ['sockets-hear', 'origins-asked'] },
    requirements: ['SOCKJS-8'],
    file: 'gateway/sockjs/sockjs.actor.ts',
    find: "return place.kind === 'transport' ? homeOf(place.session, shards) : shard;",
    replace: 'return shard;',
    story: 'Every thread has sessions of its own, and a page comes to any of them.',
  },
  {
    ...{ name: 'sock-forms-undecoded', dialect, breaks: ['origins-asked', 'sockets-hear'] },
    requirements: ['SOCKJS-16'],
    file: 'gateway/sockjs/polling.ts',
    find: "transport === 'jsonp_send' ? formMessage(said, isForm) : said",
    replace: 'said',
    story: 'What a form sends is read as if it were none.',
  },
  {
    ...{
      name: 'sock-sends-at-its-pace',
      dialect,
      breaks: ['kept-alive'],
      requirements: ['SOCKJS-19'],
    },
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: 'if (state.keepAlive?.isIdle === true) armKeepAlive(state, context);',
    replace: 'if (state.keepAlive?.isIdle === false) armKeepAlive(state, context);',
    story: 'What is said puts off the signs of life that come in intervals, and no others.',
  },
  {
    ...{ name: 'sock-filters-passed-over', dialect, breaks: ['sockets-hear'] },
    requirements: ['SOCKJS-19'],
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: 'if (!isPlain || plain.toOwner?.(publication) !== undefined) {',
    replace: 'if (plain.toOwner?.(publication) !== undefined) {',
    story: 'What is published reaches a page past the filters of its channel.',
  },
  {
    ...{ name: 'sock-farewell-before-what-waits', dialect, breaks: ['sockets-hear'] },
    requirements: ['SOCKJS-13'],
    file: 'gateway/sockjs/polling.ts',
    find: 'if (state.farewell !== undefined && state.texts.length === 0) {',
    replace: 'if (state.farewell !== undefined) {',
    story: 'A page between two requests hears that it is sent away, and never the last words.',
  },
  {
    name: 'sock-drains-nobody',
    dialect,
    breaks: ['idlers'],
    requirements: ['SOCKJS-20'],
    file: 'gateway/sockjs/sockjs-session.actor.ts',
    find: "        if (!isFramed(state))\n          context.after('drain', context.random() % Math.max(1, message.withinMs));",
    replace: '',
    story: 'Pages that poll hear nothing of it when their node goes, and are cut with it.',
  },
];
