// What the spec promises under an id, in its own words: read from the documents, so that a story can never say
// something else. Refuses to know who keeps it.

import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../spec/', import.meta.url);

/** The first sentence of a requirement, in one line; undefined when no document defines it, or none is there. */
export function promiseOf(id: string): string | undefined {
  for (const text of documents()) {
    const head = `**[${id}]**`;
    const at = text.indexOf(head);
    if (at < 0) continue;
    const [paragraph = ''] = text.slice(at + head.length).split(/\n\s*\n|\n\s*(?:[-|]|\d+\. )|\|/);
    const line = paragraph.replaceAll(/\s+/g, ' ').trim();
    return /^.*?[^.][.](?= |$)/.exec(line)?.[0] ?? line;
  }
  return undefined;
}

function documents(): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
    return names.map((name) => readFileSync(new URL(name, folder), 'utf8'));
  } catch {
    return [];
  }
}
