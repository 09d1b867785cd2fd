// Errands that came later than the first ones. Refuses to know who runs them, and when.

import type { Errand } from '../errand.ts';
import { closingErrands } from './closings.ts';
import { directErrands } from './directs.ts';
import { eventErrands } from './events.ts';
import { frameErrands } from './frames.ts';
import { itemErrands } from './items.ts';
import { lineErrands } from './lines.ts';
import { pageErrands } from './pages.ts';
import { routeErrands } from './routes.ts';

export const furtherErrands: readonly Errand[] = [
  ...itemErrands,
  ...lineErrands,
  ...routeErrands,
  ...eventErrands,
  ...closingErrands,
  ...directErrands,
  ...pageErrands,
  ...frameErrands,
];
