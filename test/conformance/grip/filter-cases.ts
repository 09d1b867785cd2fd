// Filters: what a subscription does not want to hear, and what it makes of what it hears.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, type Item, poll, stream } from './gateway.ts';
import type { Answer, HeaderLines } from './http-client.ts';

/** A stream whose channel has filters, and meta of its own. */
async function filtered(
  gateway: Gateway,
  filters: readonly string[],
  headers: HeaderLines = {},
  host = 'plain.test',
): Promise<Answer> {
  const list = filters.map((name) => `; filter=${name}`).join('');
  gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel + list, headers) });
  const answer = gateway.send({ host });
  await answer.until('open\n');
  return answer;
}

/** What a stream hears of these. */
const hears =
  (
    filters: readonly string[],
    headers: HeaderLines,
    items: readonly (readonly [content: string, more: Item])[],
    wanted: string,
  ) =>
  async (gateway: Gateway): Promise<void> => {
    const answer = await filtered(gateway, filters, headers);
    const { channel } = gateway;
    await gateway.publish(
      ...items.map(([content, more]) => ({ channel, ...stream(content), ...more })),
      { channel, ...stream('.') },
    );
    assert.equal(await answer.until('.'), `open\n${wanted}.`);
  };

const meta = (values: Item): Item => ({ meta: values });

export const filterCases = gripCases('filters', [
  [
    '[GRIP-FILTER-1] skip-self leaves out what the user has sent',
    hears(
      ['skip-self'],
      { 'Grip-Set-Meta': 'user=ann' },
      [
        ['own ', meta({ sender: 'ann' })],
        ['other ', meta({ sender: 'bob' })],
        ['nobody ', meta({})],
      ],
      'other nobody ',
    ),
  ],
  [
    '[GRIP-FILTER-1] without the filter everything comes',
    hears([], { 'Grip-Set-Meta': 'user=ann' }, [['own ', meta({ sender: 'ann' })]], 'own '),
  ],
  [
    '[GRIP-FILTER-1] without a user everything comes',
    hears(['skip-self'], {}, [['own ', meta({ sender: 'ann' })]], 'own '),
  ],
  [
    '[GRIP-FILTER-2] skip-users leaves out what is not for the user',
    hears(
      ['skip-users'],
      { 'Grip-Set-Meta': 'user="ann"' },
      [
        ['one ', meta({ skip_users: 'ann' })],
        ['two ', meta({ skip_users: 'bob, ann ,eve' })],
        ['three ', meta({ skip_users: 'anna,bob' })],
      ],
      'three ',
    ),
  ],
  [
    '[GRIP-FILTER-3] require-sub leaves out what is for those who follow another channel too',
    async (gateway) => {
      const { channel } = gateway;
      const answer = await filtered(gateway, ['require-sub'], {
        'Grip-Channel': [`${channel}; filter=require-sub`, `${channel}-too`],
      });
      await gateway.publish(
        { channel, ...stream('wrong '), meta: { require_sub: `${channel}-not` } },
        { channel, ...stream('right '), meta: { require_sub: `${channel}-too` } },
        { channel, ...stream('.') },
      );
      assert.equal(await answer.until('.'), 'open\nright .');
    },
  ],
  [
    '[GRIP-FILTER-4] var-subst puts in what the subscription knows',
    hears(
      ['var-subst'],
      { 'Grip-Set-Meta': 'user=ann, city="New York"' },
      [['<%(user)s in %(city)s, 100%%> ', {}]],
      '<ann in New York, 100%> ',
    ),
  ],
  [
    '[GRIP-FILTER-4] without the filter nothing is put in',
    hears([], { 'Grip-Set-Meta': 'user=ann' }, [['%(user)s ', {}]], '%(user)s '),
  ],
  [
    '[GRIP-FILTER-4] a variable that is not known ends the stream',
    async (gateway) => {
      const answer = await filtered(gateway, ['var-subst']);
      await gateway.publish({ channel: gateway.channel, ...stream('%(what)s') });
      assert.equal((await answer.whole()).body, 'open\n');
    },
  ],
  [
    '[GRIP-FILTER-4] and answers a poll with 502',
    async (gateway) => {
      const headers = holdResponse(`${gateway.channel}; filter=var-subst`);
      gateway.plays({ headers, body: 'nothing\n' });
      const item = { channel: gateway.channel, ...poll('%(what)s') };
      assert.equal((await gateway.publishUntil(gateway.ask(), item)).status, 502);
    },
  ],
  [
    '[GRIP-FILTER-4] it works on polls',
    async (gateway) => {
      const headers = holdResponse(`${gateway.channel}; filter=var-subst`, {
        'Grip-Set-Meta': 'user=ann',
      });
      gateway.plays({ headers, body: 'nothing\n' });
      const item = { channel: gateway.channel, ...poll('for %(user)s') };
      assert.equal((await gateway.publishUntil(gateway.ask(), item)).body, 'for ann');
    },
  ],
  [
    '[GRIP-FILTER-5] build-id puts in a given id',
    hears(
      ['build-id'],
      { 'Grip-Set-Meta': 'id_format="x"' },
      [['<%(abc)I 100%%> ', {}]],
      '<abc 100%> ',
    ),
  ],
  [
    '[GRIP-FILTER-5] what a poll ends with when nothing comes is sent as it stands',
    async (gateway) => {
      gateway.plays({
        body: '50% of %I\n',
        headers: holdResponse(`${gateway.channel}; filter=build-id`, {
          'Grip-Set-Meta': 'id_format=x',
          'Grip-Timeout': '5',
        }),
      });
      const answer = await gateway.ask();
      assert.equal(answer.body, '50% of %I\n');
      assert.equal(answer.header('grip-hold'), undefined);
    },
  ],
  [
    '[GRIP-FILTER-5] and what is published to it gets its ids',
    async (gateway) => {
      gateway.plays({
        body: '50% of %I\n',
        headers: holdResponse(`${gateway.channel}; filter=build-id`, {
          'Grip-Set-Meta': 'id_format=x',
        }),
      });
      const item = { channel: gateway.channel, ...poll('<%I>') };
      assert.equal((await gateway.publishUntil(gateway.ask(), item)).body, '<x>');
    },
  ],
  [
    '[GRIP-FILTER-5] build-id puts in the places that are known',
    async (gateway) => {
      const { channel } = gateway;
      const headers = {
        'Grip-Set-Meta': `id_format="at-%(${channel})s"`,
        'Grip-Link': `<${gateway.path('/next')}>; rel=next`,
      };
      const list = `${channel}; prev-id=1; filter=build-id`;
      gateway.plays(({ url }) => ({
        body: url.includes('/next') ? 'ready ' : 'open ',
        headers: holdStream(list, headers),
      }));
      const answer = gateway.send();
      await answer.until('ready ');
      await gateway.publishUntil(answer.until('.'), (nth) => ({
        channel,
        ...stream('<%I>.'),
        ...{ id: `2-${nth}`, 'prev-id': '1' },
      }));
      assert.match(answer.text, /^open ready <at-2-\d>\./);
    },
  ],
  [
    '[GRIP-FILTER-6] filters that nobody knows are passed over',
    hears(['frob', 'skip-self'], {}, [['a ', {}]], 'a '),
  ],
  [
    '[GRIP-FILTER-6] meta values add up over lines and lists',
    hears(
      ['var-subst'],
      { 'Grip-Set-Meta': ['a=1, b=2', 'c="x y"'] },
      [['%(a)s%(b)s%(c)s ', {}]],
      '12x y ',
    ),
  ],
  [
    '[GRIP-FILTER-7] content that names its filters goes to those that have them',
    async (gateway) => {
      const answer = await filtered(gateway, ['var-subst'], { 'Grip-Set-Meta': 'user=ann' });
      const more = { 'content-filters': ['var-subst'] };
      await gateway.publish({ channel: gateway.channel, ...stream('%(user)s.', more) });
      assert.equal(await answer.until('.'), 'open\nann.');
    },
  ],
  [
    '[GRIP-FILTER-7] and ends the streams of those that do not',
    async (gateway) => {
      const answer = await filtered(gateway, []);
      const more = { 'content-filters': ['var-subst'] };
      await gateway.publish({ channel: gateway.channel, ...stream('%(user)s.', more) });
      assert.equal((await answer.whole()).body, 'open\n');
    },
  ],
  ...(['http-check', 'http-modify'] as const).map((name): GripRow => [
    `[GRIP-FILTER-8] [DIFF-15] ${name} asks the origin`,
    async (gateway) => {
      const { channel } = gateway;
      const headers = holdStream(`${channel}; filter=${name}`, {
        'Grip-Set-Meta': `url=${gateway.path('/check')}`,
      });
      gateway.plays(({ url, body }) =>
        url.endsWith('/check')
          ? { headers: { Action: 'accept' }, body: `new ${body.toString()}` }
          : { body: 'open ', headers },
      );
      const answer = gateway.send();
      await answer.until('open ');
      await gateway.publish({ channel, ...stream('text.'), meta: { sender: 'bob' } });
      const wanted = name === 'http-check' ? 'open text.' : 'open new text.';
      assert.equal(await answer.until('.'), wanted);
      const asked = await gateway.askedFor(({ url }) => url.endsWith('/check'));
      assert.equal(asked.method, 'POST');
      assert.deepEqual(JSON.parse(asked.header('pub-meta') ?? ''), { sender: 'bob' });
      assert.equal(asked.body.toString(), name === 'http-check' ? '' : 'text.');
    },
  ]),
  [
    '[GRIP-FILTER-8] [DIFF-15] an origin that says drop is obeyed',
    async (gateway) => {
      const { channel } = gateway;
      const headers = holdStream(`${channel}; filter=http-check`, {
        'Grip-Set-Meta': `url=${gateway.path('/check')}`,
      });
      gateway.plays((asked) =>
        asked.url.endsWith('/check')
          ? {
              headers: {
                Action: asked.header('pub-meta')?.includes('bob') === true ? 'drop' : 'accept',
              },
            }
          : { body: 'open ', headers },
      );
      const answer = gateway.send();
      await answer.until('open ');
      await gateway.publish(
        { channel, ...stream('wrong '), meta: { sender: 'bob' } },
        { channel, ...stream('right.'), meta: { sender: 'eve' } },
      );
      assert.equal(await answer.until('.'), 'open right.');
    },
  ],
]);
