// The simulated gateway edge keeps the contract, in both lanes: what is proved in the simulator holds for a real socket.

import { gatewayContract } from './gateway-contract.ts';
import { TwinGateway } from './twin-gateway.ts';

gatewayContract('twin, byte lane', () => Promise.resolve(new TwinGateway('byte', 1)));
gatewayContract('twin, byte lane again', () => Promise.resolve(new TwinGateway('byte', 2)));
gatewayContract('twin, object lane', () => Promise.resolve(new TwinGateway('object', 1)));
