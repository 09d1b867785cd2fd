// Bugs of threads: what a dead shard leaves behind, who asks again, and whose answers are whose.

import type { Mutant } from './mutant.ts';

export const threads: readonly Mutant[] = [
  {
    name: 'topics-not-attached-again',
    breaks: ['liveness', 'offset-steps'],
    requirements: ['SHARD-2', 'BROKER-LIVE-1'],
    file: 'routing/router.actor.ts',
    find: '    reattach(state, local.topic, context);\n  }',
    replace: '    local.position = undefined;\n  }',
    story: 'A home dies, and the shards that followed its topics do not tell its successor.',
  },
  {
    name: 'subscribe-lost-with-its-home',
    breaks: ['liveness'],
    requirements: ['SHARD-2'],
    file: 'routing/router.actor.ts',
    find: '      askAttach(state, question, context);\n      return;',
    replace: '      return;',
    story: 'A subscribe that was on its way to a home that died is never asked again.',
  },
  {
    name: 'info-lost-with-its-home',
    breaks: ['census', 'liveness'],
    requirements: ['SHARD-2', 'BROKER-REQ-4'],
    file: 'routing/router.actor.ts',
    find: '      askInfo(state, question.topic, question.asker, context);\n      return;',
    replace: '      return;',
    story:
      'A `topic_info` on its way to a dead home has no answer, and all later answers wait behind it.',
  },
  {
    name: 'list-lost-with-a-home',
    breaks: ['liveness'],
    requirements: ['SHARD-2', 'BROKER-REQ-4'],
    file: 'routing/router.actor.ts',
    find: '      askList(state, home, question.gathering, context);\n      return;',
    replace: '      return;',
    story: 'A list waits for a home that will never answer, and all later answers wait behind it.',
  },
  {
    name: 'unknown-never-told',
    breaks: ['liveness'],
    requirements: ['BROKER-PUB-4', 'BROKER-REQ-4'],
    file: 'routing/router.actor.ts',
    find: `      const { asker, topic } = question;
      context.send(asker.replyTo, {
        type: 'publishAnswered',
        slot: asker.slot,
        topic,
        outcome: { kind: 'unknown' },`,
    replace: `      const { asker, topic } = question;
      if (asker.connection !== undefined) return;
      context.send(asker.replyTo, {
        type: 'publishAnswered',
        slot: asker.slot,
        topic,
        outcome: { kind: 'unknown' },`,
    story:
      'A WebSocket client whose publication was on its way to a dead home is told nothing, and all later answers wait behind it.',
  },
  {
    name: 'restart-not-told',
    breaks: ['offset-steps'],
    requirements: ['SHARD-2', 'BROKER-ORD-2'],
    file: 'routing/following.ts',
    find: '  state.delivery.tellGap(local, gap, context);\n',
    replace: '  void gap;\n  void context;\n',
    story:
      'A topic begins anew, and its readers are not told that their place is worth nothing any more.',
  },
  {
    name: 'restart-gap-names-the-new-epoch',
    breaks: ['offset-steps'],
    requirements: ['BROKER-FRAME-5'],
    file: 'routing/following.ts',
    find: '    epoch: last.epoch,\n',
    replace: '    epoch,\n',
    story: 'The gap of a restart carries the epoch that begins, not the one that ended.',
  },
  {
    name: 'restart-gap-from-the-last-seen',
    breaks: ['offset-steps'],
    requirements: ['BROKER-FRAME-5'],
    file: 'routing/following.ts',
    find: '    from: last.offset + 1,\n',
    replace: '    from: last.offset,\n',
    story: 'Off by one: the gap of a restart takes in the last publication that was seen.',
  },
  {
    name: 'references-begin-at-one',
    breaks: ['no-failures', 'conversation', 'liveness', 'acks', 'one-order', 'offset-steps'],
    requirements: ['SHARD-2', 'BROKER-PUB-4'],
    file: 'routing/router-state.ts',
    find: 'this.#asked = first * REFS_PER_LIFE;',
    replace: 'this.#asked = 0;',
    story:
      'Every life of a shard numbers its questions from one: an answer to the life before is taken for one to this.',
  },
  {
    name: 'references-used-twice',
    breaks: ['conversation', 'liveness', 'no-failures', 'one-order', 'acks', 'conservation'],
    requirements: ['BROKER-REQ-4'],
    file: 'routing/router-state.ts',
    find: 'const ref = this.#asked;',
    replace: 'const ref = this.#asked & 15;',
    story:
      'References have four bits "because nobody has more than sixteen questions open": a shard has.',
  },
  {
    name: 'list-answered-by-the-first-home',
    breaks: ['conversation', 'census'],
    requirements: ['BROKER-LIST-1', 'BROKER-REQ-4'],
    file: 'routing/router.actor.ts',
    find: '  if (gathering.missing > 0) return;\n',
    replace: '',
    story: 'Each home’s topics are told as if they were all: several answers to one question.',
  },
  {
    name: 'new-reader-told-of-the-old-epoch',
    breaks: ['offset-steps'],
    requirements: ['SHARD-2'],
    file: 'routing/following.ts',
    find: `  if (!isCurrent) return;
  moveTo(state, local, position, context);`,
    replace: `  if (!isCurrent) return;
  if (publications.length === 0) state.subscriptions.attach(local, subscription);
  moveTo(state, local, position, context);
  if (publications.length === 0) return;`,
    story:
      'Who begins in the new epoch is on the list before its shard has moved there: it is told of a restart that it never saw.',
  },
  {
    name: 'published-and-still-the-first-to-go',
    breaks: ['routes'],
    requirements: ['BROKER-LIM-3'],
    file: 'routing/home.actor.ts',
    find: '  state.unused.delete(known);\n  noteUse(state, known);\n  state.remembering.delete(known);',
    replace: '  noteUse(state, known);\n  state.remembering.delete(known);',
    story:
      'Whoever stands in the row stays where he is: a topic that is published to makes room first.',
  },
  {
    name: 'refused-and-never-asked-again',
    breaks: ['routes'],
    requirements: ['BROKER-LIVE-1'],
    file: 'routing/router.actor.ts',
    find: "  else if (question?.kind === 'reattach') state.homeless.add(question.topic);\n",
    replace: '',
    story:
      'A new home had no room for a followed topic once, and nothing of it is heard ever after.',
  },
];
