// What happens, in lines: for programs without loss, for people without harm.

import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Happening } from '../../../src/client/happenings.ts';
import { humanLine, type Paint, plainLine } from '../../../src/client/telling.ts';

const letters = [
  'a',
  'n',
  'u',
  '0',
  '\\',
  '\n',
  '\r',
  '\t',
  '\0',
  '\u001b',
  '\u2028',
  '\u202e',
].concat('é', ' ', '😀');
const bare: Paint = (_, text) => text;
const said = { from: 'bob', body: 'tea?', timestamp: 1_700_000_000 };

describe('[PROC-CLIENT-6] for programs', () => {
  test.each<[Happening, string]>([
    [{ kind: 'entered', user: 'alice', node: 'n1' }, 'entered alice n1'],
    [{ kind: 'resumed', user: 'alice', replayed: 2 }, 'resumed alice 2'],
    [{ kind: 'joined', room: 'hall', count: 3 }, 'joined hall 3'],
    [{ kind: 'message', room: 'hall', ...said }, 'message hall bob tea?'],
    [{ kind: 'direct', ...said }, 'direct bob tea?'],
    [
      { kind: 'sent', place: '@bob', status: 'queued', body: 'hi', timestamp: 1 },
      'sent @bob queued hi',
    ],
    [{ kind: 'past', place: '@bob', ...said }, 'past @bob bob tea?'],
    [{ kind: 'came', room: 'hall', user: 'bob', count: 2 }, 'came hall bob 2'],
    [{ kind: 'went', room: 'hall', user: 'bob', count: 1 }, 'went hall bob 1'],
    [{ kind: 'counted', room: 'hall', count: 1_001 }, 'counted hall 1001'],
    [{ kind: 'presence', user: 'bob', status: 'away', note: 'at tea' }, 'presence bob away at tea'],
    [{ kind: 'presence', user: 'bob', status: 'online', note: '' }, 'presence bob online'],
    [{ kind: 'gap', room: 'hall' }, 'gap hall'],
  ])('%j', (happening, text) => {
    expect(plainLine(happening)).toEqual({ stream: 'out', text });
  });

  test('what is amiss goes elsewhere', () => {
    const refused = { kind: 'refused', what: 'tea?', code: 'FORBIDDEN', text: 'No.' } as const;
    expect(plainLine(refused)).toEqual({ stream: 'error', text: 'FORBIDDEN: No. (tea?)' });
  });

  test('whatever is said is one line, and can be had back', () => {
    const unit = constantFrom(...letters);
    assert(
      property(string({ unit }), (body) => {
        const { text } = plainLine({ kind: 'direct', ...said, body });
        expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const back = text
          .slice('direct bob '.length)
          .replaceAll(/\\(?:u([\da-f]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
            code === undefined
              ? ({ n: '\n', t: '\t', '\\': '\\' }[letter] ?? '?')
              : String.fromCharCode(Number.parseInt(code, 16)),
          );
        expect(back).toBe(body);
      }),
    );
  });
});

describe('[PROC-CLIENT-7] for people', () => {
  test('names, places and what was said', () => {
    expect(humanLine({ kind: 'message', room: 'hall', ...said }, bare)).toMatch(
      /^\d\d:\d\d #hall bob: tea\?$/,
    );
    const sent = {
      kind: 'sent',
      place: '@bob',
      status: 'queued',
      body: 'hi',
      timestamp: 1,
    } as const;
    expect(humanLine(sent, bare)).toMatch(/@bob you: hi \(it waits until they come\)$/);
  });

  test('nothing that others wrote steers the terminal', () => {
    const body = '\u001b[2J\u001b]0;owned\u0007\r\n\u202eevil';
    const line = humanLine({ kind: 'message', room: 'hall', ...said, body }, bare);
    expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(line).toContain(String.raw`\u001b[2J`);
  });
});
