// Errands over bridges: what is said on one side is heard on the other, in its words, and goes over no second bridge.
// Written from spec/bridge.md, "Rules" and "Words".

import type { BridgeRule } from '../../../actors/bridge/bridge.ts';
import { asks, type Errand, type Said } from './errand.ts';

/** Of each node that is a gateway; some are in two pairs. Each errand has its own. */
export const bridges: readonly BridgeRule[] = [
  { one: 'grip/e-bridge-a', other: 'grip/e-bridge-b' },
  { one: 'grip/e-bridge-b', other: 'grip/e-bridge-c' },
  { one: 'broker/bridge-d', other: 'grip/e-bridge-d' },
  { one: 'grip/e-bridge-e', other: 'broker/bridge-e' },
  { one: 'grip/e-bridge-f', other: 'grip/e-bridge-g' },
  { one: 'grip/e-bridge-g', other: 'grip/e-bridge-h' },
  { one: 'broker/bridge-i', other: 'grip/e-bridge-i' },
];

const follows = (channel: string): Said => ({
  status: 200,
  headers: [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', `bridge-${channel}`],
  ],
  body: '',
});
const waits = (channel: string): Said => ({
  status: 200,
  headers: [
    ['Grip-Hold', 'response'],
    ['Grip-Channel', `bridge-${channel}`],
  ],
  body: 'never\n',
});
const item = (channel: string, formats: object): object => ({
  channel: `e-bridge-${channel}`,
  formats,
});
const end = (channel: string): object => item(channel, { 'http-stream': { action: 'close' } });
const stream = (content: string): object => ({ 'http-stream': { content } });
const json = '200 OK | content-type: application/json || ';

export const bridgeErrands: readonly Errand[] = [
  asks(
    'bridge-both-ways',
    {
      said: follows('b'),
      items: [
        item('a', stream('text "a"')),
        item('c', { 'http-response': { body: '{"a": 1}' } }),
        item('b', stream('own\n')),
        end('b'),
      ],
    },
    '200 OK || data: "text \\"a\\""\n\ndata: {"a": 1}\n\nown\n',
  ),
  asks(
    'bridge-no-further',
    { said: follows('f'), items: [item('h', stream('h')), item('g', stream('g')), end('f')] },
    '200 OK || data: "g"\n\n',
  ),
  asks(
    'bridge-from-the-broker',
    {
      said: follows('d'),
      items: [{ topic: 'bridge-d', data: { b: [1.5] } }, end('d')],
    },
    '200 OK || data: {"b":[1.5]}\n\n',
  ),
  asks(
    'bridge-to-a-poll',
    { said: waits('i'), items: [{ topic: 'bridge-i', data: 'x' }] },
    `${json}"x"\n`,
  ),
  {
    ...{ name: 'bridge-to-the-broker', to: 'broker', path: '/topics/bridge-e' },
    items: [
      item('e', { 'ws-message': { content: '1' }, ...stream('2') }),
      end('e'),
      item('e', { 'ws-message': { 'content-bin': '/w==' } }),
    ],
    answer: /^200 \{"topic":"bridge-e","subscribers":0,"epoch":"[^"]+","offset":1,"history":1\}\n$/,
  },
];
