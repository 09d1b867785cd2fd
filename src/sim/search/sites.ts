// Grows the buggify sites of the actors, as their modules are loaded: a site is a comment behind a value, and only the
// simulator makes code of it, so that in production there is nothing to compile away. `node --import` this file.
//   const windowBytes = WINDOW_BYTES; // buggify tiny-window: 4_096
// Refuses to know when a site fires: the plan says which may, and the seed when. ADR 0019.

import { enableCompileCache, registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';

import { expectManyKinds } from './engine.ts';

/** A statement or an argument that ends its line. */
const SITE = /^(\s*(?:const \w+ = |return )?)(\S.*?)([;,]) \/\/ buggify ([a-z-]+): (.+)$/gm;

/** The source with its sites as code; it asks the `context` that is in scope. */
export function grow(source: string): string {
  return source.replace(
    SITE,
    (_, before: string, value: string, end: string, site: string, other: string) =>
      `${before}(context.buggify('${site}') ? (${other}) : (${value}))${end}`,
  );
}

/** Names of the sites in a source, in their order. */
export function sitesIn(source: string): string[] {
  return [...source.matchAll(SITE)].flatMap(([, , , , site]) => site ?? []);
}

/** Whether a module is one of the actors'. */
export function hasSites(url: string): boolean {
  return url.includes('/src/actors/');
}

const decoder = new TextDecoder();

if (isMainThread) expectManyKinds();

// Every thread of a search, and every planted bug, has the modules to itself: to strip their types and to compile them
// would cost each a second. What is kept is found by the text that was loaded, so another text is never taken for it.
enableCompileCache();

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!hasSites(url) || loaded.source === undefined || loaded.source === null) return loaded;
    const { source } = loaded;
    return {
      ...loaded,
      source: grow(typeof source === 'string' ? source : decoder.decode(source)),
    };
  },
});
