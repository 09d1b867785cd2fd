// Requirements of spec/broker.md that a stranger cannot see: who runs the suite knows an address and nothing else, has
// no key, no say in the settings, ten seconds for a case, and must do the server no harm. Other tests hold these.

const SETTING = 'takes a setting that a stranger can neither make nor know';
const KEYS = 'takes tokens, and the suite has no key to sign them with';
const FAULT = 'takes a fault inside the server, which a stranger cannot bring about';
const FILL = 'takes as much as would fill the server, to the harm of its other clients';
const BUFFERS =
  'depends on how much the networks between hold; test/conformance/slow-consumers.test.ts holds it';
const PATIENCE = 'takes longer than the ten seconds of a case';
const INSIDE = 'is about the parts inside, of which only what other cases see comes out';

export const unseen: Readonly<Record<string, string>> = {
  'BROKER-DOOR-2': FILL,
  'BROKER-DOOR-3': SETTING,
  'BROKER-SESS-1': INSIDE,
  'BROKER-LIVE-1': FAULT,
  'BROKER-FRAME-5': `a gap comes after slowness under another policy, or a fault: ${SETTING}`,
  'BROKER-PUB-4': FAULT,
  'BROKER-PUB-6': FILL,
  'BROKER-REC-4': BUFFERS,
  'BROKER-SLOW-2': BUFFERS,
  'BROKER-SLOW-3': SETTING,
  'BROKER-SLOW-4': SETTING,
  'BROKER-SLOW-5': PATIENCE,
  'BROKER-PACE-1': BUFFERS,
  'BROKER-PACE-2': BUFFERS,
  'BROKER-KEEP-1': PATIENCE,
  'BROKER-AUTH-1': KEYS,
  'BROKER-AUTH-2': SETTING,
  'BROKER-AUTH-3': KEYS,
  'BROKER-AUTH-4': SETTING,
  'BROKER-AUTH-5': FAULT,
  'BROKER-CLOSE-1': FAULT,
  'BROKER-CLOSE-2': BUFFERS,
  'BROKER-CLOSE-3': PATIENCE,
  'BROKER-CLOSE-4': KEYS,
  'BROKER-CLOSE-5': 'takes the end of the server',
  'BROKER-LIM-1': FILL,
  'BROKER-LIM-3': FILL,
  'BROKER-LIM-4': FILL,
  'SSE-3': `a gap comes after slowness under another policy, or a fault: ${SETTING}`,
  'SSE-7': PATIENCE,
  'SSE-9': FAULT,
  'SSE-10': FILL,
  'SHARD-1': INSIDE,
  'SHARD-2': FAULT,
  'SHARD-3': FAULT,
  'SHARD-4': INSIDE,
  'RUN-1': INSIDE,
  'RUN-2': INSIDE,
  'RUN-3': INSIDE,
};
