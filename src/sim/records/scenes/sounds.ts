// What is heard and asked, in words of one form, so that it can be compared: names of headers in lower case and in
// order, without those that frame a body. Refuses to know what was expected.

import type { Header } from './scene.ts';

export function headWords(status: number, reason: string, headers: readonly Header[]): string {
  return [`${status} ${reason}`, ...headerWords(headers)].join(' | ');
}

/** Lines of one name keep their order. */
export function headerWords(headers: readonly Header[]): string[] {
  return headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name !== 'content-length')
    .toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([name, value]) => `${name}: ${name === EXPOSED ? sorted(value) : value}`);
}

/** Names of headers have no case, and here no order. */
function sorted(list: string): string {
  return list.toLowerCase().split(', ').toSorted().join(', ');
}

const EXPOSED = 'access-control-expose-headers';

/** Long ones by their length, and their ends. */
export function bodyWords(body: string): string {
  if (body.length <= SHOWN) return body;
  return `${body.slice(0, SHOWN / 4)}… ${body.length} …${body.slice(-SHOWN / 4)}`;
}

const SHOWN = 400;
