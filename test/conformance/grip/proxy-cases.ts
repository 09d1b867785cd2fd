// Requests that no hold comes of: what the origin is asked, and what the client is answered.

import assert from 'node:assert/strict';

import { gripCases } from './case.ts';

export const proxyCases = gripCases('proxy', [
  [
    '[GRIP-PROXY-1] a request is passed to the origin, and its answer to the client',
    async (gateway) => {
      gateway.plays({ status: 201, reason: 'Made', headers: { 'X-A': 'b' }, body: 'hello\n' });
      const answer = await gateway.ask({ method: 'POST', path: '/x?y=z', body: 'in' });
      const asked = await gateway.askedAt(0);
      assert.equal(asked.method, 'POST');
      assert.equal(asked.url, gateway.path('/x?y=z'));
      assert.equal(asked.body.toString(), 'in');
      assert.equal(answer.status, 201);
      assert.equal(answer.reason, 'Made');
      assert.equal(answer.header('x-a'), 'b');
      assert.equal(answer.body, 'hello\n');
    },
  ],
]);
