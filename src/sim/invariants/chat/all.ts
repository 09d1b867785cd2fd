// Every invariant that a run of the chat is judged by beside those of all runs.

import type { Invariant } from '../invariant.ts';

export const chatInvariants: readonly Invariant[] = [];
