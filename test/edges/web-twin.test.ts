// The simulated web edge keeps the contract, in both lanes: what is proved in the simulator holds for a real socket.

import { TwinWeb } from './twin-web.ts';
import { webContract } from './web-contract.ts';

webContract('twin, byte lane', () => Promise.resolve(new TwinWeb('byte', 1)));
webContract('twin, byte lane again', () => Promise.resolve(new TwinWeb('byte', 2)));
webContract('twin, object lane', () => Promise.resolve(new TwinWeb('object', 1)));
