// Buggify sites of the actors of clusters, which plans of a chat choose among beside those of all runs. Refuses to know when
// one fires.

import { type Arbitrary, tuple } from 'fast-check';

import { chance } from '../drawing.ts';

export const clusterSiteNames: readonly string[] = [
  'few-changes',
  'few-sessions',
  'few-topics',
  'few-topics-at-first',
  'short-parts',
  'short-pieces',
];

export const clusterSites: Arbitrary<readonly string[]> = tuple(
  ...clusterSiteNames.map(() => chance(1, 4)),
).map((flags) => clusterSiteNames.filter((_, index) => flags[index]));
