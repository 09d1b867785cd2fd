// Requirements that a stranger cannot see, by the document that defines them: who runs the suite knows an address, and
// what its operator tells on the command line; has no hand on the process or its machine; and must do no harm to the
// server's other clients. Other tests hold these.

const FAULT = 'takes a fault inside the server, which a client cannot bring about';
const INSIDE = 'is about the parts inside, of which only what other cases see comes out';
const START =
  'takes a process to start, and the suite is given one that runs; test/process holds it';
const END = 'takes the end of the server; test/process holds it';
const FILES = 'takes files on the server’s machine; test/process holds it';
const CLIENT = 'is about a client; test/process holds it';

export const unseen: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'spec/broker.md': {
    'BROKER-PUB-4': FAULT,
    'BROKER-AUTH-5': FAULT,
    'BROKER-CLOSE-1': FAULT,
    'BROKER-CLOSE-5': END,
    'SHARD-2': FAULT,
    'SHARD-3': FAULT,
    'SHARD-4': INSIDE,
    'RUN-1': INSIDE,
    'RUN-2': INSIDE,
    'RUN-3': INSIDE,
    'WEB-HTTP-6': 'takes the room of other clients; test/edges holds it',
  },
  'spec/process.md': {
    'PROC-CHAT-1': START,
    'PROC-CHAT-2': START,
    'PROC-CHAT-3': FILES,
    'PROC-CLIENT-1': CLIENT,
    'PROC-CLIENT-2': CLIENT,
    'PROC-CLIENT-3': CLIENT,
    'PROC-CLIENT-4': CLIENT,
    'PROC-CLIENT-5': CLIENT,
    'PROC-CLIENT-6': CLIENT,
    'PROC-CLIENT-7': CLIENT,
    'PROC-CLIENT-8': CLIENT,
    'PROC-CONF-1': START,
    'PROC-CONF-2': START,
    'PROC-CONF-3': START,
    'PROC-PORT-1': START,
    'PROC-PORT-2': START,
    'PROC-PORT-3': 'takes a node of a cluster; test/process holds it',
    'PROC-READY-1': START,
    'PROC-LOG-1': START,
    'PROC-LOG-2': START,
    'PROC-DRAIN-1': END,
    'PROC-DRAIN-2': END,
    'PROC-DRAIN-3': END,
    'PROC-HUP-1': END,
    'PROC-GATE-1': START,
    'PROC-GATE-2': START,
    'PROC-GATE-3': FILES,
    'PROC-GATE-4': START,
    'PROC-GATE-5': START,
    'PROC-ADMIN-2': 'takes a node of a cluster; test/e2e and test/unit hold it',
    'PROC-TLS-2': FILES,
    'PROC-TLS-3': FILES,
  },
};

/** Every requirement of these documents, with the reason why it is not seen. */
export const reasons: Readonly<Record<string, string>> = Object.assign(
  {},
  ...Object.values(unseen),
) as Record<string, string>;
