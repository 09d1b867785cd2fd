// The production web edge keeps the contract.

import { ProductionWeb } from './production-web.ts';
import { webContract } from './web-contract.ts';

webContract('production', () => ProductionWeb.open());
