// Which items of a list are needed: large blocks are taken out first, then smaller ones, in the manner of Zeller's
// delta debugging. Refuses to know what the items are.

/**
 * A short part of `items`, in their order, for which `holds` was seen to be true; that it is true of all is taken for
 * granted. Blocks of fewer than `blockMin` items are not tried.
 */
export function needed<T>(
  items: readonly T[],
  blockMin: number,
  holds: (part: readonly T[]) => boolean,
): readonly T[] {
  if (items.length === 0 || holds([])) return [];
  let kept = items;
  for (let block = items.length >> 1; block >= blockMin; block >>= 1) {
    const before = kept.length;
    kept = withoutBlocks(kept, block, holds);
    // Without one item another may have become needless, too.
    if (block === 1 && kept.length < before) kept = withoutBlocks(kept, block, holds);
  }
  return kept;
}

function withoutBlocks<T>(
  items: readonly T[],
  block: number,
  holds: (part: readonly T[]) => boolean,
): readonly T[] {
  let kept = items;
  // The first goes first: what failed, failed soon after the last.
  for (let from = 0; from < kept.length;) {
    const rest = kept.toSpliced(from, block);
    if (rest.length > 0 && holds(rest)) kept = rest;
    else from += block;
  }
  return kept;
}
