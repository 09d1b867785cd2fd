// Every invariant that a run of the chat is judged by beside those of all runs.

import type { Invariant } from '../invariant.ts';
import { hpAnswers, hpWords } from './answers.ts';
import { roomOrder } from './room-order.ts';

export const chatInvariants: readonly Invariant[] = [hpWords, hpAnswers, roomOrder];
