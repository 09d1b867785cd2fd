// Bugs of the machinery: mailboxes, timers, turns and ends of actors.

import type { Mutant } from './mutant.ts';

export const runtime: readonly Mutant[] = [
  {
    name: 'mailbox-grows-out-of-order',
    breaks: ['conversation', 'one-order', 'no-failures', 'offset-steps'],
    requirements: ['BROKER-ORD-3', 'BROKER-REQ-4'],
    file: 'runtime/mailbox.ts',
    find: 'this.#ring[(this.#head + i) & (this.#ring.length - 1)];',
    replace: 'this.#ring[i];',
    story:
      'A ring that is full grows as if it began at its first place: what waits changes its order.',
  },
  {
    name: 'leftover-messages-forgotten',
    breaks: ['liveness', 'conversation'],
    requirements: ['BROKER-LIVE-1'],
    file: 'runtime/system.ts',
    find: 'if (!cell.isGone && cell.mailbox.size > 0) this.#makeReady(cell);',
    replace: 'if (!cell.isGone && cell.mailbox.size > 1) this.#makeReady(cell);',
    story: 'An actor with one message left is not ready again until the next one comes.',
  },
  {
    name: 'timer-armed-beside-the-old-one',
    breaks: ['liveness'],
    requirements: ['BROKER-KEEP-1'],
    file: 'runtime/system.ts',
    find: `        if (cell.isGone) return;
        this.#disarm(cell, effect.name);`,
    replace: '        if (cell.isGone) return;',
    story:
      'A timer that is armed again still fires at its old instant: a client whose pong is on its way is closed for want of it.',
  },
  {
    name: 'timers-taken-in-any-order',
    breaks: ['liveness', 'bounds'],
    requirements: ['BROKER-KEEP-1'],
    file: 'runtime/timers.ts',
    find: '      this.#rise(last);\n      this.#sink(last);',
    replace: '      this.#rise(last);',
    story:
      'When a timer is taken out of the heap, the one that fills its place never sinks: later ones come first.',
  },
  {
    name: 'milliseconds-for-microseconds',
    breaks: ['liveness', 'census'],
    requirements: ['BROKER-KEEP-1'],
    file: 'runtime/turn.ts',
    find: 'dueAt: this.now + delayMs * 1_000',
    replace: 'dueAt: this.now + delayMs',
    story: 'The wrong unit: every timer comes due a thousand times too early.',
  },
  {
    name: 'overflow-is-silent',
    breaks: ['last-words'],
    requirements: ['RUN-1'],
    file: 'runtime/system.ts',
    find: '    if (!this.#overflowed.includes(cell)) this.#overflowed.push(cell);\n',
    replace: '',
    story:
      'A message that does not fit is dropped, and its actor goes on as if it had never been sent.',
  },
  {
    name: 'failed-turn-half-done',
    breaks: ['isolation'],
    requirements: ['RUN-2'],
    file: 'runtime/system.ts',
    find: '        this.#fail(cell, error);\n        continue;',
    replace: '        this.#commit(cell);\n        this.#fail(cell, error);\n        continue;',
    story: 'What a turn had done before it failed is carried out after all.',
  },
  {
    name: 'no-last-words',
    breaks: ['last-words', 'books'],
    requirements: ['BROKER-CLOSE-1'],
    file: 'runtime/system.ts',
    find: '    this.#sayLastWords(cell);\n',
    replace: '',
    story:
      'A session that a bug has ended leaves its connection open and its subscriptions behind.',
  },
  {
    name: 'wall-clock-in-an-actor',
    breaks: ['nondeterminism'],
    requirements: ['BROKER-REC-3'],
    file: 'routing/home/topic-log.ts',
    find: 'const since = now - historyAgeMaxMs * 1_000;',
    replace: 'const since = Date.now() * 1_000 - historyAgeMaxMs * 1_000;',
    story: 'History is held against the clock on the wall, which jumps and which no seed knows.',
  },
  {
    name: 'epochs-counted-by-the-module',
    breaks: ['nondeterminism', 'one-order', 'recovery'],
    requirements: ['BROKER-ORD-1', 'SHARD-2'],
    file: 'routing/home.actor.ts',
    find: 'const epoch = context.random().toString(36) + context.random().toString(36);',
    replace: `const counter = topicOf as { made?: number };
  counter.made = (counter.made ?? 0) + 1;
  const epoch = counter.made.toString(36);`,
    story:
      'Epochs are counted by the module: all actors of a thread share the counter, and a fresh thread begins at one again.',
  },
];
