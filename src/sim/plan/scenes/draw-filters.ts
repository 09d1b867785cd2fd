// The filters of a channel: none, one, or several of which each gets what the one before it has made; and texts that
// are templates for all of them. Refuses to know what becomes of a text.

import type { Prng } from '../../../actors/runtime/prng.ts';
import type { Header } from '../../records/scenes/scene.ts';
import { oneOf } from './one-of.ts';

/** In the order in which they act; one that nobody knows among them. */
export function drawFilters(chance: Prng): readonly string[] {
  const count = oneOf(chance, [0, 0, 0, 1, 1, 1, 1, 2, 2, 3]);
  if (count === 0) return [];
  const left = Object.keys(WANTED);
  const names = Array.from({ length: count }, () => left.splice(chance.below(left.length), 1));
  const known = names.flat();
  return chance.chance(1, 2) ? ['unheard-of', ...known] : [...known, 'unheard-of'];
}

/** What they want to know of a client. */
export function metaFor(filters: readonly string[]): readonly Header[] {
  const wanted = filters.flatMap((name) => WANTED[name] ?? []);
  return [...new Map(wanted)];
}

const user: Header = ['user', 'ann'];
const url: Header = ['url', '/filter'];
const WANTED: Readonly<Record<string, readonly Header[]>> = {
  'skip-self': [user],
  'skip-users': [user],
  'require-sub': [user],
  'var-subst': [user, ['tone', 'loud']],
  'build-id': [['id_format', 'no-id']],
  'http-check': [url],
  'http-modify': [url],
};

/** Undefined where no filter reads it. What is for a later one the ones before must leave as it is. */
export function drawTemplate(
  chance: Prng,
  name: string,
  filters: readonly string[],
): string | undefined {
  const readers = filters.flatMap((filter) => DIRECTIVES[filter] ?? []);
  if (readers.length === 0) return undefined;
  const parts = readers.map((directives, place) => {
    const part = oneOf(chance, [directives, directives, '']);
    const isLast = place === readers.length - 1;
    return escaped(isLast && chance.chance(1, 2) ? `${part} 100%%` : part, place);
  });
  return [name, ...parts].join(' ').trimEnd();
}

function escaped(text: string, times: number): string {
  return times === 0 ? text : escaped(text.replaceAll('%', '%%'), times - 1);
}

const DIRECTIVES: Readonly<Record<string, string>> = {
  'var-subst': '%(user)s %(tone)s',
  'build-id': '%(b4c)I %I.',
};
