// How many blocks an item is, for operators who count what they carry by size: `message_block_size`. Refuses to know
// what is counted, and for whom. Obeys spec/grip.md, sections "Statistics" and "Limits".

import type { GripItem } from '../../codecs/grip/publish-item.ts';
import type { GatewayOptions } from '../gateway-options.ts';

/** At least one; undefined where nobody counts blocks. */
export function blocksOf(
  item: GripItem,
  { messageBlockBytes }: Pick<GatewayOptions, 'messageBlockBytes'>,
): number | undefined {
  if (messageBlockBytes === undefined) return undefined;
  const size = item.size ?? item.byteLength;
  return Math.max(1, Math.ceil(size / messageBlockBytes));
}
