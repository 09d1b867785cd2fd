// All plays of several nodes: those in which nothing befalls a node, and those in which something does. Refuses to know who
// plays them, and when.

import type { Play } from '../play.ts';
import { letterTours } from './letters.ts';
import { memberTours } from './members.ts';
import { moveTours } from './moves.ts';
import { viewTours } from './views.ts';

export const tours: readonly Play[] = [...memberTours, ...letterTours, ...moveTours, ...viewTours];

export { mishapTours } from './mishaps.ts';
