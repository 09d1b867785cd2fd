// The production gateway edge, held to the contract of all gateway edges.

import { gatewayContract } from './gateway-contract.ts';
import { ProductionContract } from './production-contract.ts';

gatewayContract('production', () => ProductionContract.open());
