// Planted bugs in what a request remembers from one word to the next: places, ids, links, and what was sent before.
// They show when an origin is asked, or a client is told, for the second time.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';

export const forgetfulMutants: readonly Mutant[] = [
  {
    name: 'places-stay-behind-other-formats',
    dialect,
    breaks: ['origins-asked', 'held-answers', 'held-streams'],
    requirements: ['GRIP-SEQ-1'],
    file: 'gateway/requests/items.ts',
    find: '    // It says nothing to this client, but the next one follows it.\n    if (follows(data.prevId, channel.lastId)) channel.lastId = data.id;\n',
    replace: '',
    story: 'An item for others is no item, and the next one seems to follow one that is missing.',
  },
  {
    name: 'ids-of-channels-mixed-up',
    dialect,
    breaks: ['holds-order', 'holds-all', 'holds-liveness'],
    requirements: ['GRIP-ORDER-5'],
    file: 'gateway/channels/sequencer.ts',
    find: '`${channel.length}:${channel}${id}`',
    replace: '`${channel}${id}`',
    story: 'The first item of room1 is known, because the eleventh of room was there.',
  },
  {
    name: 'published-header-for-each-of-the-origins',
    dialect,
    breaks: ['held-answers'],
    requirements: ['GRIP-PUB-11'],
    file: 'gateway/requests/answers.ts',
    find: '    const isPlaced = placed.has(first);\n    placed.add(first);\n    return isPlaced ? [] : [first];',
    replace: '    placed.add(first);\n    return [first];',
    story: 'An origin sets two cookies, a publisher one, and the client gets that one twice.',
  },
  {
    name: 'truncated-to-nothing-is-not',
    dialect,
    breaks: ['origins-asked'],
    requirements: ['GRIP-FWD-1'],
    file: 'gateway/rewriting/forward-headers.ts',
    find: 'came.slice(Math.max(came.length - rule.keep, 0))',
    replace: 'came.slice(-rule.keep)',
    story: 'The last none of a list are all of it: addresses that a client made up are passed on.',
  },
  {
    name: 'first-link-is-the-base-for-ever',
    dialect,
    breaks: ['origins-asked'],
    requirements: ['GRIP-NEXT-3'],
    file: 'gateway/requests/streaming.ts',
    find: 'held.base = own.href;',
    replace: 'held.base ??= own.href;',
    story: 'The third link is looked for where the second one was found.',
  },
  {
    name: 'gone-links-told-again',
    dialect,
    breaks: ['partings'],
    requirements: ['GRIP-HOLD-9'],
    file: 'gateway/requests/leaving.ts',
    find: '  if (hold !== undefined) hold.gone = undefined;\n',
    replace: '',
    story: 'A poll was told of when it was asked again, and is told of once more when it ends.',
  },
  {
    name: 'what-is-new-told-as-replayed',
    dialect,
    breaks: ['words', 'origins-asked'],
    requirements: ['WOH-REQ-9'],
    file: 'gateway/ws/origins/event-queue.ts',
    find: 'this.#replayedBytes = this.#offeredBytes - taken;',
    replace: 'this.#replayedBytes = this.#waitingBytes;',
    story:
      'What a client said while a request was under way is told to have been sent before: its origin passes it over.',
  },
  {
    name: 'routes-channel-becomes-the-origins',
    dialect,
    breaks: ['sockets-hear', 'origins-asked'],
    requirements: ['WOH-GRIP-16'],
    file: 'gateway/ws/grip-control.ts',
    find: 'channels.set(channel, { ...followed, isImplicit });',
    replace: 'channels.set(channel, followed);',
    story:
      'An origin follows what the route follows already, lets it go, and the route has it no more.',
  },
  {
    name: 'paced-deliveries-never-paid',
    dialect,
    breaks: ['books'],
    requirements: ['GRIP-LIMIT-4'],
    file: 'gateway/channels/pacer.ts',
    find: '      this.#waitingReceivers -= next.receivers;\n',
    replace: '',
    story: 'Whoever has waited counts as waiting ever after: in the end nothing may wait any more.',
  },
];
