// Bugs of who follows what: races between wishes and answers, counts, and the lists that a fan-out walks.

import type { Mutant } from './mutant.ts';

export const following: readonly Mutant[] = [
  {
    name: 'late-registration',
    breaks: ['offset-steps', 'liveness'],
    requirements: ['BROKER-SUB-2'],
    file: 'routing/home.actor.ts',
    find: '  setInterest(state.args.relay, ask.topic, known.interest, shard, ask.subscribers, context);\n',
    replace:
      "  context.send(context.self, { type: 'detach', topic: ask.topic, shard, subscribers: ask.subscribers });\n",
    story:
      'The home answers first and notes the interest with a message to itself: what is published in between does not go to that shard.',
  },
  {
    name: 'reads-before-it-is-let-in',
    breaks: ['offset-steps', 'recovery', 'no-failures'],
    requirements: ['BROKER-SUB-2', 'BROKER-REC-1'],
    file: 'routing/following.ts',
    find: '  state.subscriptions.want(topic);\n',
    replace:
      '  const wanted = state.subscriptions.want(topic);\n  if (since !== undefined) state.subscriptions.attach(wanted, subscription);\n',
    story:
      'Who resumes is put on the list at once, "to miss nothing": it gets twice what is published before the answer.',
  },
  {
    name: 'unsubscribed-and-still-on-the-list',
    breaks: ['windows', 'offset-steps'],
    requirements: ['BROKER-SUB-2'],
    file: 'routing/subscriptions.ts',
    find: '    this.#detach(local, subscription);\n    local.wanted -= 1;',
    replace: '    local.wanted -= 1;',
    story:
      'The wish is taken back and the reader stays on the list, as long as anybody else follows the topic.',
  },
  {
    name: 'unsubscribe-race',
    breaks: ['windows', 'offset-steps'],
    requirements: ['BROKER-SUB-2'],
    file: 'routing/following.ts',
    find: 'stream.subscriptions.get(topic) === subscription && local !== undefined',
    replace: 'stream.subscriptions.has(topic) && local !== undefined',
    story:
      'The answer to a subscribe is taken although the client has unsubscribed and subscribed anew since: it reads twice.',
  },
  {
    name: 'unsubscribed-while-asked',
    breaks: ['windows', 'offset-steps'],
    requirements: ['BROKER-SUB-2'],
    file: 'routing/following.ts',
    find: 'stream.subscriptions.get(topic) === subscription && local !== undefined',
    replace: 'local !== undefined',
    story:
      'The answer to a subscribe is obeyed although the client has unsubscribed while the home was asked.',
  },
  {
    name: 'detach-tells-nobody-is-left',
    breaks: ['liveness', 'offset-steps'],
    requirements: ['BROKER-SUB-2', 'BROKER-PUB-1'],
    file: 'routing/following.ts',
    find: "toHome(state, home, { type: 'detach', topic, subscribers, shard",
    replace: "toHome(state, home, { type: 'detach', topic, subscribers: 0, shard",
    story: 'One reader leaves, and the home is told that the whole shard has.',
  },
  {
    name: 'forgets-those-who-still-ask',
    breaks: ['liveness', 'offset-steps', 'census'],
    requirements: ['BROKER-SUB-2'],
    file: 'routing/subscriptions.ts',
    find: 'if (local.wanted === 0) this.#topics.delete(local.topic);',
    replace:
      'if (local.groups.every(({ subscriptions }) => subscriptions.length === 0)) this.#topics.delete(local.topic);',
    story:
      'The last reader leaves while another is being let in: the topic is forgotten here, and the newcomer hears its ack and nothing else.',
  },
  {
    name: 'interest-added-not-set',
    breaks: ['census'],
    requirements: ['BROKER-SUB-4', 'BROKER-FRAME-3'],
    file: 'routing/relay/wanting.ts',
    find: 'if (subscribers > 0) interest.set(shard, subscribers);',
    replace:
      'if (subscribers > 0) interest.set(shard, Math.max(subscribers, interest.get(shard) ?? 0));',
    story:
      'The count of a shard only rises until it is zero: those who left while others stayed are still told.',
  },
  {
    name: 'second-subscribe-begins-anew',
    breaks: ['windows', 'offset-steps'],
    requirements: ['BROKER-SUB-3'],
    file: 'routing/following.ts',
    find: 'if (earlier !== undefined && since === undefined) {',
    replace: 'if (earlier !== undefined && since === undefined && earlier.format !== format) {',
    story:
      'A second subscribe is carried out like a first one: what is published until the home answers is missed.',
  },
  {
    name: 'resumed-twice-reads-twice',
    breaks: ['recovery', 'offset-steps', 'windows'],
    requirements: ['BROKER-SUB-3'],
    file: 'routing/following.ts',
    find: '  if (earlier !== undefined) state.subscriptions.unwant(earlier);\n',
    replace: '',
    story: 'Who subscribes again with `since` is put on the list a second time.',
  },
  {
    name: 'second-ask-is-never-answered',
    breaks: ['liveness', 'census'],
    requirements: ['BROKER-REQ-4', 'BROKER-SUB-3'],
    file: 'routing/following.ts',
    find: '    earlier.alsoAsked.push(slot);\n',
    replace: '',
    story:
      'A second subscribe while the first one is being asked gets no answer, and all that follows waits behind it.',
  },
  {
    name: 'left-in-the-old-format',
    breaks: ['windows', 'offset-steps', 'liveness'],
    requirements: ['BROKER-SUB-3'],
    file: 'routing/subscriptions.ts',
    find: `    if (local !== undefined) this.#detach(local, subscription);
    subscription.format = format;`,
    replace: `    subscription.format = format;
    if (local !== undefined) this.#detach(local, subscription);`,
    story:
      'A reader that changes from bare to enveloped is taken off the list of the new format: somebody else is.',
  },
  {
    name: 'moved-reader-keeps-its-old-place',
    breaks: ['windows', 'liveness', 'no-failures', 'offset-steps'],
    requirements: ['BROKER-SUB-2', 'BROKER-PUB-1'],
    file: 'routing/subscriptions.ts',
    find: `      last.place = subscription.place;
      group.subscriptions[last.place] = last;
      group.connections[last.place] = last.stream.connection;`,
    replace: `      group.subscriptions[subscription.place] = last;
      group.connections[subscription.place] = last.stream.connection;`,
    story:
      'Whoever fills the place of one that left does not learn its new place: when it leaves, another is struck off.',
  },
  {
    name: 'connection-stays-in-the-fan-out',
    breaks: ['windows', 'liveness', 'offset-steps'],
    requirements: ['BROKER-SUB-2'],
    file: 'routing/subscriptions.ts',
    find: '    group.connections.pop();\n    if (last !== subscription) {',
    replace: '    if (last !== subscription) {\n      group.connections.pop();',
    story:
      'The last one of a list leaves, and its connection stays in the list that is written to.',
  },
  {
    name: 'fan-out-skips-the-last',
    breaks: ['liveness', 'offset-steps'],
    requirements: ['BROKER-PUB-1'],
    file: 'routing/delivery.ts',
    find: 'slow === undefined ? group.connections : connectionsWithout(group, slow);',
    replace:
      'slow === undefined && group.connections.length < 4 ? group.connections : connectionsWithout(group, slow ?? group.subscriptions.slice(-1).map(({ stream }) => stream));',
    story: 'In lists of four and more the last reader is left out.',
  },
  {
    name: 'fan-out-ends-at-the-first-slow-reader',
    breaks: ['offset-steps', 'liveness'],
    requirements: ['BROKER-SLOW-1', 'BROKER-PUB-1'],
    file: 'routing/delivery.ts',
    find: 'return group.connections.filter((connection) => !left.has(connection));',
    replace:
      'return group.connections.slice(0, group.connections.findIndex((connection) => left.has(connection)));',
    story: 'Those behind a slow reader in the list get nothing.',
  },
  {
    name: 'session-not-let-go',
    breaks: ['census'],
    requirements: ['BROKER-SUB-4'],
    file: 'broker/session.ts',
    find: "  context.send(session.door.router, { type: 'leave', connection: session.connection });\n  context.stop();",
    replace: '  context.stop();',
    story: 'A session that ends does not tell the router: its subscriptions stay, and are counted.',
  },
  {
    name: 'stale-place-on-second-subscribe',
    breaks: ['offset-steps'],
    requirements: ['BROKER-FRAME-2', 'BROKER-SUB-3'],
    file: 'routing/following.ts',
    find: `  local.position = { epoch, offset };
  if (last === undefined || last.epoch === epoch) return;`,
    replace: `  if (last !== undefined && last.epoch === epoch) return;
  local.position = { epoch, offset };
  if (last === undefined) return;`,
    story:
      'The shard notes a topic’s place when it changes its epoch only: a second ack tells an old place.',
  },
  {
    name: 'unsubscribed-and-still-attached',
    breaks: ['windows', 'census', 'books'],
    requirements: ['BROKER-SUB-4'],
    file: 'routing/following.ts',
    find: "    drop(state, subscription, context);\n  }\n  context.send(stream.owner, {\n    type: 'unsubscribed',",
    replace: "  }\n  context.send(stream.owner, {\n    type: 'unsubscribed',",
    story: 'A stream forgets what it follows, and the list of its topic does not: it hears on.',
  },
  {
    name: 'asked-again-while-asking',
    breaks: ['rest', 'liveness', 'conversation'],
    requirements: ['BROKER-SUB-3', 'BROKER-REQ-4'],
    file: 'routing/following.ts',
    find: 'earlier.alsoAsked ??= [];',
    replace: 'earlier.alsoAsked = [];',
    story:
      'Who asks a third time before the first answer takes the place of the second, which is never answered.',
  },
];
