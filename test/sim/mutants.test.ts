// The planted bugs against the sources as they are, and the hunt for them against bugs that are easy to tell: some that
// every seed finds, one that is none, and some that end a run badly. The whole table is `npm run sim -- --mutate`.

import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { invariants } from '../../src/sim/invariants/all.ts';
import { chatInvariants } from '../../src/sim/invariants/chat/all.ts';
import { gatewayInvariants } from '../../src/sim/invariants/gateway/all.ts';
import { mutants } from '../../src/sim/mutants/all.ts';
import { elusive } from '../../src/sim/mutants/elusive.ts';
import { type Mutant, planted } from '../../src/sim/mutants/mutant.ts';
import { badEnds, mutate } from '../../src/sim/search/mutate.ts';
import { syntaxOf } from '../support/sources.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const judged: readonly string[] = [...invariants, ...gatewayInvariants, ...chatInvariants].map(
  ({ property }) => property,
);
/** Properties of planted bugs that no invariant looks for. */
const unjudged: readonly string[] = [];
const properties = new Set<string>([...judged, ...badEnds, ...unjudged]);
const requirements = new Set(
  ['broker', 'process', 'grip', 'websocket-over-http', 'hp', 'hp-peer', 'bridge'].flatMap((name) =>
    [...read(`spec/${name}.md`).matchAll(/\*\*\[([A-Z0-9-]+)\]\*\*/g)].map(([, id]) => id),
  ),
);

/** A bug made as the test needs it. */
const bug = (
  name: string,
  find: string,
  replace: string,
  file = 'routing/home/topic-log.ts',
): Mutant => ({
  name,
  breaks: [],
  requirements: [],
  file,
  find,
  replace,
  story: '',
});

async function hunted(bugs: readonly Mutant[], seedsMax: number, seedMsMax?: number) {
  const said: string[] = [];
  const say = (line: string): number => said.push(line);
  const result = await mutate({ seedsMax, threads: 2, say, planted: bugs, seedMsMax });
  const found = result.hunts.map((hunt) => hunt.found?.property);
  return { ...result, found, said };
}

describe('a planted bug', () => {
  test.each(mutants)('$name has its place in $file, and is not there', (mutant) => {
    const source = read(`src/actors/${mutant.file}`);
    const changed = planted(source, mutant);
    const at = source.indexOf(mutant.find);
    expect(source).not.toContain(
      changed.slice(Math.max(0, at - 40), at + mutant.replace.length + 40),
    );
    expect(() => syntaxOf({ path: mutant.file, text: changed })).not.toThrow();
  });

  test('is told apart by what it breaks: each property has a name of its own', () => {
    expect(judged.filter((name, at) => judged.indexOf(name) !== at)).toEqual([]);
  });

  test('names properties and requirements that there are, and has a story', () => {
    for (const { name, breaks, requirements: ids, story } of mutants) {
      expect(breaks.filter((property) => !properties.has(property))).toEqual([]);
      expect(ids.filter((id) => !requirements.has(id))).toEqual([]);
      expect([name, breaks.length > 0, ids.length > 0, story.length > 30]).toEqual([
        name,
        true,
        true,
        true,
      ]);
    }
  });

  test('breaks a property that somebody judges, but for those that are said', () => {
    expect(unjudged.filter((property) => judged.includes(property))).toEqual([]);
  });

  test('has a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.map(({ name }) => name).filter((name) => !/^[a-z0-9-]+$/.test(name))).toEqual(
      [],
    );
    expect(mutants.length).toBeGreaterThanOrEqual(40);
  });

  test('that no seed finds yet is on a list that says why, and most are not', () => {
    const names = new Set(mutants.map(({ name }) => name));
    for (const [name, why] of elusive)
      expect([names.has(name), why.length > 30]).toEqual([true, true]);
    expect(elusive.size).toBeLessThan(mutants.length / 3);
  });

  test('is refused when its place is gone or not the only one', () => {
    expect(() => planted('a b', bug('gone', 'c', ''))).toThrow('no such place');
    expect(() => planted('a b a', bug('twice', 'a', ''))).toThrow('more than one');
  });
});

describe('the hunt', () => {
  test(
    'finds what every seed finds, and a changed comment never',
    { timeout: 60_000 },
    async () => {
      const { found, missed, said } = await hunted(
        [
          bug('first lost', '- missed)) {', '- missed + 1)) {'),
          bug('comment', '// One topic at its home', '// A topic at its home'),
          bug('no ids', 'this.#seen?.get(id)?.offset;', 'undefined;'),
        ],
        2,
      );
      expect(found).toEqual([expect.any(String), undefined, expect.any(String)]);
      expect(missed).toEqual(['comment']);
      expect(said.filter((line) => line.includes('MISSED'))).toHaveLength(1);
      expect(said.at(-1)).toContain('missed: comment');
    },
  );

  test('lets those escape that are known to, and says so', { timeout: 60_000 }, async () => {
    const [name = ''] = elusive.keys();
    const comment = bug(name, '// One topic at its home', '// A topic at its home');
    const { found, missed, said } = await hunted([comment], 2);
    expect([found, missed]).toEqual([[undefined], []]);
    expect(said.at(-1)).toContain('1 not found as known');
    const open = bug(name, 'this.#seen?.get(id)?.offset;', 'undefined;');
    const again = await hunted([open], 6);
    expect(again.said.at(-1)).toContain(`${name} is found now`);
  });

  test('takes a run that throws or does not end for a find', { timeout: 60_000 }, async () => {
    const { found } = await hunted(
      [
        bug(
          'throws',
          '  read(chunk: Uint8Array, sink: FrameSink): void {',
          '  read(chunk: Uint8Array, sink: FrameSink): void {\n    throw new Error("no");',
          'codecs/websocket-reader.ts',
        ),
        bug('never ends', '    this.#offset += 1;', '    for (;;) this.#offset += 1;'),
      ],
      1,
      3_000,
    );
    expect(found).toEqual(['crash', 'timeout']);
  });

  test('does not pass over a bug that cannot come in', { timeout: 60_000 }, async () => {
    await expect(hunted([bug('gone', 'nowhere to be seen', '')], 1)).rejects.toThrow(
      'no such place',
    );
    const unused = bug('unused', '// The roof', '// A roof', '../sim/main.ts');
    await expect(hunted([unused], 1)).rejects.toThrow('nothing loads');
    const broken = bug('broken', 'export class TopicLog {', 'export class {{');
    await expect(hunted([broken], 1)).rejects.toThrow('Expected');
  });
});
