// What the trace says of plays. Refuses to judge.

import type { ClusterFault } from '../../faults/cluster-faults.ts';
import type { House } from './house.ts';

export type PlayRecord =
  | { readonly kind: 'houseOpened'; readonly node: number; readonly house: House }
  | { readonly kind: 'playBegan'; readonly node: number; readonly play: string }
  /** What somebody heard in a step of it. */
  | {
      readonly kind: 'playHeard';
      readonly node: number;
      readonly play: string;
      readonly step: number;
      readonly by: string;
      readonly heard: readonly string[];
    }
  /** It is part of a play. */
  | { readonly kind: 'faultPlayed'; readonly fault: ClusterFault }
  /** The bug that a play wants strikes. */
  | { readonly kind: 'playFailed'; readonly node: number; readonly address: string }
  | {
      readonly kind: 'playOver';
      readonly node: number;
      readonly play: string;
      /** What somebody heard besides. */
      readonly rest: readonly string[];
    };
