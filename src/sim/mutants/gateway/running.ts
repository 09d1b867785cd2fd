// Planted bugs in what somebody who runs a gateway does with it and is told: routes that are written anew, items that are
// handed over by SUB, and deliveries for which there is no room. They show in what no client can see.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';

export const runningMutants: readonly Mutant[] = [
  {
    ...{ name: 'new-routes-for-the-first-thread-alone', dialect, breaks: ['routes-followed'] },
    requirements: ['PROC-GATE-3'],
    file: 'gateway/gateway-door.actor.ts',
    find: '        changeRoutes(state, message.text, context);',
    replace: '        if (state.gateway.shard === 0) changeRoutes(state, message.text, context);',
    story: 'Only the thread that tells of new routes reads them.',
  },
  {
    ...{ name: 'unreadable-route-ends-the-file', dialect },
    breaks: ['holders-patience', 'holds-liveness', 'routes-followed'],
    requirements: ['GRIP-ROUTE-6', 'PROC-GATE-3'],
    file: 'codecs/grip/routes-file.ts',
    find: "    if (parsed === undefined || typeof parsed === 'string') continue;",
    replace: "    if (typeof parsed === 'string') break;\n    if (parsed === undefined) continue;",
    story: 'A line that somebody has begun takes all that stand below it with it.',
  },
  {
    ...{ name: 'gone-by-the-routes-of-now', dialect, breaks: ['clients-told'] },
    requirements: ['PROC-GATE-3', 'GRIP-STATS-3'],
    file: 'gateway/requests/leaving.ts',
    find: '    route: route.id,',
    replace: "    route: gateway.routes.byId(route.id ?? '')?.id,",
    story: 'Who came by a route that is no more is told to have gone from none.',
  },
  {
    ...{ name: 'dropped-in-silence', dialect, breaks: ['holds-order', 'holds-all'] },
    requirements: ['GRIP-LIMIT-4'],
    file: 'gateway/channels/channels.actor.ts',
    find: '      context.send(state.args.log, {',
    replace: '      if (receivers === 0) context.send(state.args.log, {',
    story:
      'What finds no room to wait for its rate is counted, and told of when nobody was to get it.',
  },
  {
    ...{ name: 'drops-what-waited-last-beside', dialect },
    breaks: ['holds-order', 'holds-all', 'books'],
    requirements: ['GRIP-LIMIT-4'],
    file: 'gateway/channels/pacer.ts',
    find: '    if (isOver && this.#waiting.length > 0) return false;',
    replace:
      '    if (isOver && this.#waiting.length > 0) {\n      const last = this.#waiting.pop();\n      this.#waitingReceivers -= last?.receivers ?? 0;\n      this.#waitingBytes -= last?.bytes ?? 0;\n      return false;\n    }',
    story: 'One is told to be dropped, and two are.',
  },
  {
    ...{ name: 'sub-in-one-frame', dialect, breaks: ['holds-all', 'holds-liveness'] },
    requirements: ['GRIP-ZMQ-2'],
    file: 'gateway/control.actor.ts',
    find: "const framesWanted = input === 'pull' ? 1 : 2;",
    replace: 'const framesWanted = 1;',
    story: 'The channel before an item that comes by SUB is taken for a frame too many.',
  },
  {
    ...{ name: 'paced-until-the-next-item', dialect, breaks: ['books', 'holds-all'] },
    requirements: ['GRIP-LIMIT-4'],
    file: 'gateway/channels/pacer.ts',
    find: 'Math.ceil((this.#paidAt - now) / 1_000)',
    replace: 'Math.ceil(this.#paidAt / 1_000)',
    story:
      'The instant was taken for the time until then: what waits goes when something else comes.',
  },
  {
    ...{ name: 'closed-sockets-are-found', dialect, breaks: ['books'] },
    requirements: ['GRIP-CMD-3'],
    file: 'gateway/gateway-door.actor.ts',
    find: '  if (gone !== undefined) state.sessions.delete(gone.connectionId);\n',
    replace: '',
    story: 'WebSockets that were closed long ago are found by their ids, and kept for ever.',
  },
  {
    ...{ name: 'what-goes-at-once-costs-nothing', dialect, breaks: ['paced'] },
    requirements: ['GRIP-LIMIT-4'],
    file: 'gateway/channels/pacer.ts',
    find: '    this.#spend(receivers, now, messageRate);\n',
    replace: '',
    story: 'What finds the way open goes out for nothing, and so does all that comes behind it.',
  },
  {
    ...{ name: 'slow-streams-are-kept', dialect, breaks: ['holders-patience', 'holds-all'] },
    requirements: ['GRIP-STREAM-9'],
    file: 'gateway/requests/leaving.ts',
    find: "  context.send(admitted.gateway.edges.web, { type: 'cut', connection });\n}\n\nconst GOING",
    replace: '}\n\nconst GOING',
    story: 'Who does not read loses what he is to hear, and is not told so by an end.',
  },
  {
    ...{
      name: 'skip-users-as-one-text',
      dialect,
      breaks: ['holds-liveness', 'holds-all'],
      requirements: ['GRIP-FILTER-2'],
    },
    file: 'gateway/rewriting/filters.ts',
    find: "      const users = (own(pubMeta, 'skip_users') ?? '').split(',');\n      return user !== '' && users.some((skipped) => skipped.trim() === user);",
    replace:
      "      const users = own(pubMeta, 'skip_users') ?? '';\n      return user !== '' && users.includes(user);",
    story: 'Whose name is a part of one in `skip_users` is spared the item as well.',
  },
];
