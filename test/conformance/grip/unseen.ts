// Requirements of spec/grip.md and spec/websocket-over-http.md that a stranger cannot see, each with the reason.

const inTheLog = 'the log is not told on the wire; test/unit/gateway holds it';

export const gripUnseen: Readonly<Record<string, string>> = {
  'GRIP-CLIENT-8': 'nobody waits for half an hour; test/edges/gateway holds it with less',
  'GRIP-CLIENT-9': 'certificates lie beside the configuration; test/edges and test/process hold it',
  'GRIP-CLIENT-10': 'a path is no address on the wire; test/process holds it',
  'GRIP-LOAD-1': 'takes thousands of clients that are held; test/unit/gateway holds it',
  'GRIP-LOAD-2': 'takes thousands of clients that are held; test/unit/gateway holds it',
  'GRIP-LOG-1': inTheLog,
  'GRIP-LOG-2': inTheLog,
  'GRIP-LOG-3': inTheLog,
  'GRIP-LOG-4': inTheLog,
  'SOCKJS-20': 'takes the end of the gateway; test/process holds it',
  'DIFF-51': 'takes a wrong configuration; test/unit/config holds it',
  'DIFF-52': 'takes the end of the gateway; test/process holds it',
  'DIFF-61': 'takes a configuration of its own; test/unit/config holds it',
  'DIFF-50': 'not every machine has IPv6; test/unit/codecs holds it',
  'DIFF-35': 'Pushpin would be waited for without end; test/edges/gateway holds it',
  'DIFF-39':
    'networks take more than Pushpin keeps, and not always the same; test/unit/gateway holds it',
  'DIFF-24': 'both configurations set the rate; test/unit/gateway holds it',
};
