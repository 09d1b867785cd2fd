// Bugs of the home: places, epochs, ids, and what publishers are told of them.

import type { Mutant } from './mutant.ts';

export const ordering: readonly Mutant[] = [
  {
    name: 'static-epoch',
    breaks: ['recovery', 'one-order', 'offset-steps'],
    requirements: ['BROKER-ORD-1', 'SHARD-2', 'BROKER-REC-3'],
    file: 'routing/home.actor.ts',
    find: 'const epoch = context.random().toString(36) + context.random().toString(36);',
    replace: 'const epoch = `e${topic.length}`;',
    story:
      'The epoch is made from the topic, so it is the same after its home has died: places of the new life pass for places of the old one.',
  },
  {
    name: 'no-idempotency',
    breaks: ['one-order', 'acks'],
    requirements: ['BROKER-DUP-1'],
    file: 'routing/home/topic-log.ts',
    find: 'return this.#seen?.get(id)?.offset;',
    replace: 'return undefined;',
    story: 'Ids are noted and never looked up: what is published again is made again.',
  },
  {
    name: 'ids-forgotten-with-history',
    breaks: ['one-order', 'acks'],
    requirements: ['BROKER-DUP-2'],
    file: 'routing/home/topic-log.ts',
    find: 'if (this.#seen.size <= dedupeIdsMax && oldest.at > since) break;',
    replace: 'if (this.#seen.size <= historyCountMax && oldest.at > since) break;',
    story:
      'Ids are held to the limit of the history instead of their own: a publication that is sent again a little later is made twice.',
  },
  {
    name: 'duplicate-told-as-new',
    breaks: ['acks'],
    requirements: ['BROKER-FRAME-3', 'BROKER-DUP-1'],
    file: 'routing/home.actor.ts',
    find: 'isDuplicate: true, subscribers });',
    replace: 'isDuplicate: false, subscribers });',
    story:
      'The answer to a known id lost its mark: two publishers both believe that theirs is new.',
  },
  {
    name: 'duplicate-has-latest-place',
    breaks: ['acks', 'one-order'],
    requirements: ['BROKER-DUP-1'],
    file: 'routing/home.actor.ts',
    find: 'const position = { epoch: known.log.epoch, offset: earlier };',
    replace: 'const position = known.log.position;',
    story:
      'A known id is answered with where the topic stands, not with where the publication does.',
  },
  {
    name: 'duplicate-delivered-again',
    breaks: ['offset-steps', 'one-order'],
    requirements: ['BROKER-DUP-1', 'BROKER-SUB-2'],
    file: 'routing/home.actor.ts',
    find: "    context.count('publications.duplicate');\n",
    replace: `    context.count('publications.duplicate');
    const again = known.log.recover({ epoch: known.log.epoch, offset: earlier - 1 }).publications[0];
    for (const interested of known.interest.keys())
      if (again !== undefined)
        context.send(state.args.routerOf(interested), { type: 'delivered', publication: again });
`,
    story:
      'To be on the safe side a known publication is delivered once more: readers get it twice, the second time out of order.',
  },
  {
    name: 'topics-told-apart-by-fingerprint',
    breaks: ['conversation', 'integrity', 'offset-steps', 'windows'],
    requirements: ['BROKER-TOPIC-2', 'BROKER-PUB-1'],
    file: 'routing/home.actor.ts',
    find: `  const known = state.topics.get(topic);
  if (known !== undefined) return known;
`,
    replace: `  const fingerprint = (name: string): number => (name.length * 31 + name.charCodeAt(7)) & 7;
  for (const [name, other] of state.topics)
    if (fingerprint(name) === fingerprint(topic)) return other;
`,
    story:
      'Topics are looked up by a short hash, and nobody compares the names: two topics are one.',
  },
  {
    name: 'id-takes-a-place-of-its-own',
    breaks: ['offset-steps', 'recovery', 'one-order'],
    requirements: ['BROKER-ORD-1'],
    file: 'routing/home/topic-log.ts',
    find: `    this.#offset += 1;
    const publication`,
    replace: `    this.#offset += this.#seen !== undefined && id === undefined ? 2 : 1;
    const publication`,
    story:
      'Where some publications have ids, one without is given two places, "to keep one free for its id".',
  },
  {
    name: 'ack-before-place',
    breaks: ['one-order', 'acks'],
    requirements: ['BROKER-PUB-3'],
    file: 'routing/home.actor.ts',
    find: `      position: { epoch, offset },
      isDuplicate: false,`,
    replace: `      position: { epoch, offset: Math.max(1, offset - known.interest.size + 1) },
      isDuplicate: false,`,
    story:
      'The place in the ack is counted back from the deliveries: right with one interested shard, wrong with two.',
  },
  {
    name: 'count-of-shards-for-subscribers',
    breaks: ['census'],
    requirements: ['BROKER-FRAME-3', 'BROKER-LIST-1', 'BROKER-LIST-2'],
    file: 'routing/home.actor.ts',
    find: 'for (const subscribers of known.interest.values()) sum += subscribers;',
    replace: 'sum += known.interest.size;',
    story:
      'Interested shards are counted, not subscribers: right as long as nobody shares a shard.',
  },
  {
    name: 'dead-shard-still-counted',
    breaks: ['census'],
    requirements: ['SHARD-2', 'BROKER-SUB-4'],
    file: 'routing/home.actor.ts',
    find: '          detach(state, topic, message.shard, 0, context);\n',
    replace: '',
    story:
      'The home does not strike a dead shard off: its subscribers are counted for ever, and its successor gets what nobody there asked for.',
  },
  {
    name: 'batch-answers-in-order-of-arrival',
    breaks: ['one-order', 'acks', 'liveness'],
    requirements: ['BROKER-HTTP-2'],
    file: 'broker/http-request.actor.ts',
    find: 'resultOf(item, outcomes.get(index))',
    replace: 'resultOf(item, [...outcomes.values()][index])',
    story:
      'Outcomes of a list are told in the order in which homes answered, not in that of the list.',
  },
  {
    name: 'batch-answered-before-its-end',
    breaks: ['liveness'],
    requirements: ['BROKER-HTTP-1', 'BROKER-HTTP-3'],
    file: 'broker/http-request.actor.ts',
    find: 'if (outcomes.size < items.length) return;',
    replace: 'if (outcomes.size < items.length - 1) return;',
    story:
      'A list is answered when all but one of its publications have an outcome; the last is told as unknown.',
  },
];
