// Plants one bug in the module graph of this thread: changes one source text as it is loaded, before its types are
// stripped. Refuses to run anything, and to know whether the bug is found.

import { registerHooks } from 'node:module';

import { type Mutant, planted } from '../../mutants/mutant.ts';

/** Has the source changed when it is loaded; the returned question tells whether that was so. */
export function plant(mutant: Mutant): () => boolean {
  const url = new URL(`../../../actors/${mutant.file}`, import.meta.url).href;
  let isPlanted = false;
  registerHooks({
    load(asked, context, nextLoad) {
      const loaded = nextLoad(asked, context);
      if (asked !== url) return loaded;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      isPlanted = true;
      return { ...loaded, source: planted(text, mutant) };
    },
  });
  return () => isPlanted;
}
