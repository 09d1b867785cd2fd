import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Admission } from '../../../src/actors/runtime/admission.ts';

test('[BROKER-DOOR-2] who comes when all places are taken, or all of its address, is told which', () => {
  const admission = new Admission({ connectionsMax: 3, connectionsPerAddressMax: 2 });
  expect(['a', 'a', 'a', 'b', 'c'].map((address) => admission.enter(address))).toEqual([
    undefined,
    undefined,
    'full-for-address',
    undefined,
    'full',
  ]);
  admission.leave('a');
  expect(admission.enter('c')).toBeUndefined();
});

test('[BROKER-DOOR-2] the addresses of one network of IPv6 are one', () => {
  const admission = new Admission({ connectionsMax: 9, connectionsPerAddressMax: 1 });
  const enter = (address: string) => admission.enter(address);
  expect(['2001:db8:0:1::1', '2001:db8::2', '::1', '192.0.2.1', '192.0.2.2'].map(enter)).toEqual(
    Array.from({ length: 5 }, () => undefined),
  );
  const others = ['2001:db8:0:1:2:3:4:5', '2001:db8::ffff:1%eth0', '::2:0:0:1', '192.0.2.1'];
  expect(others.map(enter)).toEqual(others.map(() => 'full-for-address'));
  admission.leave('2001:db8:0:1::9');
  expect(enter('2001:db8:0:1::1')).toBeUndefined();
});

test('an address that nobody entered from cannot leave', () => {
  const admission = new Admission({ connectionsMax: 1, connectionsPerAddressMax: 1 });
  admission.enter('a');
  admission.leave('b');
  expect(admission.open).toBe(1);
  admission.leave('a');
  admission.leave('a');
  expect(admission.open).toBe(0);
});

test('whoever comes and goes, what is open is within both limits', () => {
  const address = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ comes: fc.boolean(), address });
  fc.assert(
    fc.property(fc.array(step), fc.nat(6), fc.nat(4), (steps, most, mostEach) => {
      const limits = { connectionsMax: most, connectionsPerAddressMax: mostEach };
      const admission = new Admission(limits);
      const open: string[] = [];
      for (const one of steps) {
        const here = open.filter((other) => other === one.address).length;
        if (one.comes) {
          const refusal = admission.enter(one.address);
          expect(refusal === undefined).toBe(open.length < most && here < mostEach);
          if (refusal === undefined) open.push(one.address);
        } else {
          admission.leave(one.address);
          if (here > 0) open.splice(open.indexOf(one.address), 1);
        }
        expect(admission.open).toBe(open.length);
      }
    }),
  );
});
