// The pictures in the spec are those of the machines that run, and the tables beside them say the same.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { diagramOf, drawings, redrawn } from '../support/diagrams.ts';
import { filesUnder, under } from '../support/sources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every machine is drawn', () => {
  const machines = under(filesUnder(root), 'src/actors')
    .map(({ path }) => path)
    .filter((path) => path.endsWith('.machine.ts'));
  const drawn = drawings.map(({ machine }) => `src/actors/${machine}`);
  expect(drawn.toSorted()).toEqual(machines.toSorted());
});

describe('[HP-SESS-7] [HP-PEER-3] [BROKER-SESS-1] a machine', () => {
  test.each(drawings)('$machine is drawn in $document as it runs', (drawn) => {
    const text = readFileSync(`${root}/${drawn.document}`, 'utf8');
    expect(redrawn(text, drawn)).toBe(text);
  });

  test.each(drawings)('$machine has every state within reach, and a last one', ({ life }) => {
    const reached = new Set([life.initial]);
    for (const state of reached)
      for (const event of life.events) {
        const next = life.next(state, event);
        if (next !== undefined) reached.add(next);
      }
    expect([...reached].toSorted()).toEqual([...life.states].toSorted());
    expect(life.states.some((state) => life.isFinal(state))).toBe(true);
  });
});

test('a picture of another machine is found out', () => {
  const [first, second] = drawings;
  if (first === undefined || second === undefined) throw new Error('nothing is drawn');
  const text = readFileSync(`${root}/${first.document}`, 'utf8');
  const wrong = text.replace(diagramOf(first.life), diagramOf(second.life));
  expect(redrawn(wrong, first)).toBe(text);
  expect(wrong).not.toBe(text);
});

describe('the table of states', () => {
  test.each(['spec/hp.md', 'spec/hp-peer.md', 'spec/broker.md'])(
    'in %s says the same',
    (document) => {
      const text = readFileSync(`${root}/${document}`, 'utf8');
      const of = drawings.filter((drawn) => drawn.document === document);
      const states = new Set(of.flatMap(({ life }) => [...life.states]));
      const said = text.split('\n').flatMap((line) => {
        const [, state = '', , leaves = ''] = line.split('|').map((cell) => cell.trim());
        if (!states.has(state)) return [];
        return leaves.split(' · ').flatMap((way) => {
          const [events = '', target = ''] = way.split('→');
          const named = [...events.matchAll(/`(\w+)`/g)];
          return named.map(([, event = '']) => `${state} --> ${target.trim()}: ${event}`);
        });
      });
      const drawn = of.flatMap(({ life }) =>
        [...diagramOf(life).matchAll(/\w+ --> \w+: \w+/g)].map(([arrow]) => arrow),
      );
      expect(said.toSorted()).toEqual(drawn.toSorted());
    },
  );
});
