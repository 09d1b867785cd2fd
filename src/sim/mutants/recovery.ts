// Bugs of memory: what a topic keeps, for how long, and what a reader that comes back is given of it.

import type { Mutant } from './mutant.ts';

export const recovering: readonly Mutant[] = [
  {
    name: 'given-up-recovery-has-room',
    breaks: ['recovery'],
    requirements: ['BROKER-REC-6'],
    file: 'routing/following.ts',
    find: '  hasItsTurn(state, question, context, 0);',
    replace: '  hasItsTurn(state, question, context);',
    story:
      'A recovery that was given up while it waited is begun all the same, beside the four that are under way.',
  },
  {
    name: 'recoveries-all-at-once',
    breaks: ['books'],
    requirements: ['BROKER-REC-6'],
    file: 'routing/following.ts',
    find: 'const RECOVERIES_MAX = 4;',
    replace: 'const RECOVERIES_MAX = 64;',
    story: 'Who comes back to many topics has all of them recovered at once, and others wait.',
  },
  {
    name: 'unreadable-id-begins-anew',
    breaks: ['recovery'],
    requirements: ['SSE-6'],
    file: 'broker/broker-door.actor.ts',
    find: '(readEventId(resumeFrom, names.length) ?? names.map(() => NOWHERE))',
    replace: 'readEventId(resumeFrom, names.length)',
    story:
      'Who comes back with a place that nobody can read is not told that he has missed something.',
  },
  {
    name: 'recovery-skips-the-first',
    breaks: ['recovery', 'offset-steps'],
    requirements: ['BROKER-REC-1'],
    file: 'routing/home/topic-log.ts',
    find: 'this.#kept.slice(this.#kept.length - missed)',
    replace: 'this.#kept.slice(this.#kept.length - missed + 1)',
    story: 'Off by one: the first publication that was missed is not recovered.',
  },
  {
    name: 'recovery-repeats-the-last-known',
    breaks: ['recovery', 'offset-steps'],
    requirements: ['BROKER-REC-1'],
    file: 'routing/home/topic-log.ts',
    find: 'this.#kept.slice(this.#kept.length - missed)',
    replace: 'this.#kept.slice(Math.max(this.#first, this.#kept.length - missed - 1))',
    story: 'Off by one: the place in `since` is taken for the first one missed, and comes again.',
  },
  {
    name: 'recovery-of-a-part',
    breaks: ['recovery', 'offset-steps'],
    requirements: ['BROKER-REC-2', 'BROKER-REC-3'],
    file: 'routing/home/topic-log.ts',
    find: 'missed < 0 || missed > this.historyCount) return LOST;',
    replace: 'missed < 0) return LOST;',
    story:
      'Nobody asks whether the history reaches back far enough: what is left of it is given as the whole.',
  },
  {
    name: 'recovery-across-epochs',
    breaks: ['recovery'],
    requirements: ['BROKER-REC-3'],
    file: 'routing/home/topic-log.ts',
    find: 'if (since.epoch !== this.epoch || missed',
    replace: 'if (missed',
    story:
      'Offsets are compared without their epochs: a place in a life that is over is taken for one in this.',
  },
  {
    name: 'recovery-from-the-future',
    breaks: ['recovery'],
    requirements: ['BROKER-REC-3'],
    file: 'routing/home/topic-log.ts',
    find: 'missed < 0 || missed > this.historyCount',
    replace: 'missed > this.historyCount',
    story:
      'A place beyond the last one has missed less than nothing, and that was not thought of: recovered, says the ack.',
  },
  {
    name: 'recovery-beyond-the-queue',
    breaks: ['bounds', 'liveness'],
    requirements: ['BROKER-REC-4'],
    file: 'routing/outbox.ts',
    find: 'return this.queueBytesMax - this.#waitingBytes;',
    replace: 'return Number.MAX_SAFE_INTEGER;',
    story:
      'A recovery is begun without looking whether it fits the queue: with the policy disconnect, coming back is what closes the reader, for ever.',
  },
  {
    name: 'recovery-said-and-not-given',
    breaks: ['recovery', 'offset-steps'],
    requirements: ['BROKER-REC-4', 'BROKER-REC-1'],
    file: 'routing/following.ts',
    find: 'answer.recovered && payloads !== undefined;',
    replace: 'answer.recovered;',
    story:
      'The ack repeats what the home said, also when the reader has no room for it and nothing follows.',
  },
  {
    name: 'history-one-short',
    breaks: ['recovery'],
    requirements: ['BROKER-REC-3'],
    file: 'routing/home/topic-log.ts',
    find: 'this.historyCount > historyCountMax ||',
    replace: 'this.historyCount >= historyCountMax ||',
    story: 'Off by one: one publication less is kept than promised.',
  },
  {
    name: 'expiry-empties-the-history',
    breaks: ['recovery'],
    requirements: ['BROKER-REC-3'],
    file: 'routing/home/topic-log.ts',
    find: 'if (!isOver && oldest.at > since) break;',
    replace: 'if (this.historyCount <= historyCountMax >> 1 && oldest.at > since) break;',
    story:
      'One too many, and half of the history is thrown away "so that it does not happen each time".',
  },
  {
    name: 'history-bytes-leak',
    breaks: ['recovery'],
    requirements: ['BROKER-REC-3', 'BROKER-LIM-4'],
    file: 'routing/home/topic-log.ts',
    find: 'this.#bytes -= writeCost(oldest.publication.data);',
    replace: 'this.#bytes -= oldest.publication.data.byteLength;',
    story:
      'What a publication costs is added with its overhead and taken off without: after some hundred publications a topic believes that it is full, and keeps nothing.',
  },
  {
    name: 'epoch-forgotten-with-history',
    breaks: ['epochs', 'recovery'],
    requirements: ['BROKER-REC-5'],
    file: 'routing/home.actor.ts',
    find: 'if (isQuiet && known.interest.size === 0 && known.log.isForgettable) drop',
    replace: 'if (known.interest.size === 0 && known.log.isForgettable) drop',
    story:
      'A topic without history and readers is dropped at the next look, and who comes back within the hour has lost its place.',
  },
  {
    name: 'followed-topic-dropped',
    breaks: ['census', 'liveness', 'offset-steps'],
    requirements: ['BROKER-REC-5', 'BROKER-LIVE-1'],
    file: 'routing/home.actor.ts',
    find: 'if (isQuiet && known.interest.size === 0 && known.log.isForgettable) drop',
    replace: 'if (isQuiet && known.log.isForgettable) drop',
    story:
      'A quiet topic is dropped although somebody follows it: its readers hear of nothing that is published later.',
  },
  {
    name: 'history-cut-and-counted-from-before',
    breaks: ['recovery', 'memory', 'no-failures'],
    requirements: ['BROKER-REC-1'],
    file: 'routing/home/topic-log.ts',
    find: '    this.#kept = this.#kept.slice(this.#first);\n    this.#first = 0;',
    replace: '    this.#kept = this.#kept.slice(this.#first);',
    story: 'The emptied places are cut off, and the first one is looked for where it was before.',
  },
  {
    name: 'last-event-id-loses-to-since',
    breaks: ['recovery'],
    requirements: ['SSE-6'],
    file: 'broker/broker-door.actor.ts',
    find: "  const resumeFrom = asked.headers['last-event-id'] ?? query.get('since') ?? undefined;",
    replace: "  const resumeFrom = query.get('since') ?? asked.headers['last-event-id'];",
    story:
      'An EventSource whose URL has "since" is set back to that place at each reconnect and gets again what it had, or is told recovered:false once that is forgotten.',
  },
];
