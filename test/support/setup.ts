// Runs before every test file: makes property tests draw the same examples on every machine. It
// knows nothing of what is tested. To look further, set another seed: FC_SEED=7 npm test.

import { configureGlobal } from 'fast-check';

configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_121) });
