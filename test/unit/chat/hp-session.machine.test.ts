// The picture of a session in the spec is drawn from the machine that runs.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hpLife } from '../../../src/actors/chat/hp-session.machine.ts';

/** A state diagram for Mermaid: states in their order, from each its events in theirs. */
function diagram(): string {
  const arrows = hpLife.states.flatMap((state) =>
    hpLife.events.flatMap((event) => {
      const next = hpLife.next(state, event);
      return next === undefined ? [] : [`  ${state} --> ${next}: ${event}`];
    }),
  );
  const finals = hpLife.states.filter((state) => hpLife.isFinal(state));
  const lines = [
    'stateDiagram-v2',
    `  [*] --> ${hpLife.initial}`,
    ...arrows,
    ...finals.map((state) => `  ${state} --> [*]`),
  ];
  return lines.join('\n');
}

test('[HP-SESS-7] the diagram in spec/hp.md is the machine’s', () => {
  const spec = readFileSync(new URL('../../../spec/hp.md', import.meta.url), 'utf8');
  const drawn = /```mermaid\n([\s\S]*?)\n```/.exec(spec)?.[1];
  expect(drawn).toBe(diagram());
});
