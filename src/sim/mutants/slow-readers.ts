// Bugs of queues: windows, policies, gaps, and the pacing of publishers.

import type { Mutant } from './mutant.ts';

export const lagging: readonly Mutant[] = [
  {
    name: 'receipt-is-no-progress',
    breaks: ['bounds'],
    requirements: ['BROKER-SLOW-5'],
    file: 'routing/delivery.ts',
    find: 'bytes: number, context: Turn): void {\n    stream.progressAt = context.now;\n',
    replace: 'bytes: number, context: Turn): void {\n',
    story:
      'Only what is written counts as progress: who takes one long word slowly is taken for one that stands still.',
  },
  {
    name: 'queue-without-a-bound',
    breaks: ['bounds'],
    requirements: ['BROKER-SLOW-2', 'BROKER-SLOW-3'],
    file: 'routing/outbox.ts',
    find: "    if (this.#isWithin(queueBytesMax)) return 'taken';\n",
    replace: "    if (this.#hasEnded || queueBytesMax > 0) return 'taken';\n",
    story:
      'The queue of a slow reader is never held to its limit: it grows until the shard has no memory left.',
  },
  {
    name: 'window-ignored',
    breaks: ['bounds'],
    requirements: ['BROKER-SLOW-1'],
    file: 'routing/outbox.ts',
    find: '      if (this.#credit <= 0) break;\n',
    replace: '',
    story:
      'What waits is handed to the edge whether or not the window has room: the queue moves into the socket.',
  },
  {
    name: 'credit-without-overhead',
    breaks: ['bounds'],
    requirements: ['BROKER-SLOW-1'],
    file: 'routing/outbox.ts',
    find: '    this.#credit -= writeCost(payload);\n',
    replace: '    this.#credit -= payload.byteLength;\n',
    story:
      'Credit is spent without the overhead and comes back with it: the window of a busy reader grows for ever.',
  },
  {
    name: 'receipts-move-nothing',
    breaks: ['liveness'],
    requirements: ['BROKER-SUB-2', 'BROKER-LIVE-1'],
    file: 'routing/delivery.ts',
    find: '    if (stream.outbox.isWaiting) this.#settle(stream, context);\n',
    replace: '',
    story:
      'A receipt gives credit back, and what waits for it goes only with the next publication.',
  },
  {
    name: 'gap-not-told',
    breaks: ['offset-steps'],
    requirements: ['BROKER-SLOW-4', 'BROKER-ORD-2'],
    file: 'routing/outbox.ts',
    find: 'if (next.gap !== undefined) this.#tellGap(next, next.gap, write);',
    replace:
      "if (next.gap !== undefined && next.gap.reason !== 'slow') this.#tellGap(next, next.gap, write);\n      else if (next.gap !== undefined) this.#latestGaps?.delete(next.gap.topic);",
    story: 'What was dropped from a full queue is missing, and nobody says so.',
  },
  {
    name: 'gap-from-the-wrong-place',
    breaks: ['offset-steps'],
    requirements: ['BROKER-SLOW-4', 'BROKER-FRAME-5'],
    file: 'routing/outbox.ts',
    find: 'return { topic, epoch, from: before.from, to: offset, reason };',
    replace: 'return { topic, epoch, from: before.to ?? offset, to: offset, reason };',
    story: 'Two drops become one gap that begins where the first one ended.',
  },
  {
    name: 'gap-across-an-answer',
    breaks: ['offset-steps', 'windows'],
    requirements: ['BROKER-SLOW-4'],
    file: 'routing/outbox.ts',
    find: 'const before = earlier?.after === place.after ? earlier.gap : undefined;',
    replace: 'const before = earlier?.gap;',
    story:
      'A drop before an unsubscribe and one after the next subscribe become one gap: it is told inside the second, and hides what the first one lost.',
  },
  {
    name: 'gaps-joined-across-a-restart',
    breaks: ['offset-steps'],
    requirements: ['BROKER-SLOW-4'],
    file: 'routing/outbox.ts',
    find: 'before?.epoch !== epoch || before.to !== offset - 1) {',
    replace: 'before === undefined) {',
    story:
      'A drop before a restart and one after it become one gap, from an offset of the old epoch to one of the new.',
  },
  {
    name: 'conflates-every-topic',
    breaks: ['liveness'],
    requirements: ['BROKER-SLOW-3'],
    file: 'routing/outbox.ts',
    find: 'waiting.publication?.topic === publication.topic',
    replace: 'waiting.publication !== undefined',
    story:
      'A newer publication takes the place of those of all topics: the last one of a quiet topic is lost.',
  },
  {
    name: 'too-slow-told-as-policy',
    breaks: ['isolation', 'liveness'],
    requirements: ['BROKER-CLOSE-2'],
    file: 'broker/session.ts',
    find: "tooSlow: { code: 1013, reason: 'too slow' }",
    replace: "tooSlow: { code: 1008, reason: 'too slow' }",
    story:
      'The wrong close code: clients that may come back later believe that they have broken a rule.',
  },
  {
    name: 'stalled-reader-kept',
    breaks: ['bounds'],
    requirements: ['BROKER-SLOW-5'],
    file: 'routing/delivery.ts',
    find: "        this.#giveUp(stream, 'stalled', context);",
    replace: '        this.#lagging.delete(stream);',
    story: 'A reader that takes nothing at all keeps its queue and its connection for ever.',
  },
  {
    name: 'pacing-never-holds',
    breaks: ['pacing'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/pacing.ts',
    find: 'if (queuedBytes * 4 <= queueBytesMax ||',
    replace: 'if (queuedBytes <= queueBytesMax ||',
    story:
      'Readers pace their publishers only when they are over the limit, and then they are closed already.',
  },
  {
    name: 'paced-publisher-never-let-go',
    breaks: ['liveness'],
    requirements: ['BROKER-PACE-1'],
    file: 'broker/ws-session.actor.ts',
    find: "  if (isHeld) context.after('hold', HOLD_MAX_MS);\n  else",
    replace: '  if (!isHeld)',
    story:
      'A hold has no end of its own: when the home that asked for it dies, the publisher is not read from again.',
  },
  {
    name: 'release-lost',
    breaks: ['liveness'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/home/lagging.ts',
    find: "    context.send(publisher, { type: 'publisherHeld', isHeld: false });\n",
    replace: "    context.count('publishers.released');\n    void publisher;\n",
    story:
      'When readers have caught up nobody tells their publishers: each hold lasts as long as it may.',
  },
  {
    name: 'publishers-counted-twice',
    breaks: ['liveness'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/home/lagging.ts',
    find: '  if (held.has(publisher)) return;\n',
    replace: '',
    story:
      'A publisher is held once for each of its publications and let go once: it waits for the limit each time.',
  },
  {
    name: 'answers-weigh-nothing',
    breaks: ['books', 'bounds'],
    requirements: ['BROKER-SLOW-2', 'BROKER-REQ-4'],
    file: 'routing/outbox.ts',
    find: '    this.#waitingBytes += payload.byteLength;\n',
    replace: '',
    story:
      'An answer that takes its slot is not counted, and counted off when it leaves: the queue believes that it is emptier than empty.',
  },
  {
    name: 'pace-outlives-its-reader',
    breaks: ['books', 'liveness'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/pacing.ts',
    find: '    this.#slow.delete(reader);\n    const pace = this.#paces.get(reader);\n    if (pace !== undefined) this.#release(reader, pace);',
    replace: '    this.#slow.delete(reader);\n    this.#paces.delete(reader);',
    story:
      'A reader that was behind leaves, and its topic counts it on: publishers wait for somebody who is gone.',
  },
  {
    name: 'pace-bytes-not-begun-anew',
    breaks: ['routes'],
    requirements: ['BROKER-PACE-2'],
    file: 'routing/pacing.ts',
    find: 'Object.assign(pace, { tookBytes: 0, since: now });',
    replace: 'Object.assign(pace, { since: now });',
    story:
      'Who took much once, and then nothing more, holds publishers for as long as he is there.',
  },
  {
    name: 'paced-until-the-next-receipt',
    breaks: ['routes', 'books'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/delivery.ts',
    find: '    this.#pacing.took(stream, 0);\n',
    replace: '',
    story:
      'What waited behind an answer goes without a receipt, and publishers are held for another look.',
  },
  {
    name: 'lags-for-ever-when-its-shard-died',
    breaks: ['routes', 'books'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/home.actor.ts',
    find: '          lag(state, topic, { shard: message.shard, isLagging: false }, context);\n',
    replace: '',
    story: 'A thread dies whose readers were behind, and publishers wait for them ever after.',
  },
  {
    name: 'slow-once-and-for-ever',
    breaks: ['pacing'],
    requirements: ['BROKER-PACE-2'],
    file: 'routing/pacing.ts',
    find: '    if (queuedBytes === 0) this.#slow.delete(reader);\n',
    replace: '',
    story:
      'Who stood still for a moment has caught up long ago, and is waited for no more: the next burst costs him his connection.',
  },
  {
    name: 'held-once-and-never-again',
    breaks: ['pacing', 'liveness', 'routes'],
    requirements: ['BROKER-PACE-1'],
    file: 'routing/home/lagging.ts',
    find: '  topic.lag = undefined;\n',
    replace: '',
    story:
      'All have caught up and their publishers were let go, and the home takes these for held: nobody holds them when readers fall behind once more.',
  },
  {
    name: 'released-without-time-for-a-pong',
    breaks: ['patience'],
    requirements: ['BROKER-KEEP-1'],
    file: 'broker/ws-session.actor.ts',
    find: "  if (!isHeld && state.isPongDue) context.after('ping', door.options.pongTimeoutMs);\n",
    replace: '',
    story: 'A publisher is let go just before its time is up, while its pong lies in the network.',
  },
];
