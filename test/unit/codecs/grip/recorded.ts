// What a real Pushpin 1.36 answered, recorded: the codecs must say the same, but for what is listed as a difference.

import { readFileSync } from 'node:fs';

/** The rows of a recording. */
export function recorded(name: 'publishes' | 'instructs' | 'patches'): readonly unknown[] {
  return JSON.parse(
    readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8'),
  ) as unknown[];
}
