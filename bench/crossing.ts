// Crossing a thread: nanoseconds of CPU to encode and decode one delivery, in blocks of 1, 10 and 100:
// msgpackr with sequential records (as transports/crossings.ts uses it), without records, and structured clone.

import { deserialize, serialize } from 'node:v8';
import { Packr } from 'msgpackr';
import { median, table } from './support/table.ts';

const ROUNDS = 7;
const MESSAGES = 200_000;

export function run(): Promise<void> {
  const sender = new Packr({ sequential: true, useRecords: true });
  const receiver = new Packr({ sequential: true, useRecords: true });
  const plain = new Packr({ useRecords: false });
  const ways: readonly (readonly [string, (block: unknown) => unknown])[] = [
    ['msgpackr, records', (block) => receiver.unpack(new Uint8Array(sender.pack(block)))],
    ['msgpackr, plain', (block) => plain.unpack(new Uint8Array(plain.pack(block)))],
    ['v8 serialize', (block) => deserialize(serialize(block))],
    ['structuredClone', (block) => structuredClone(block)],
  ];
  const sizes = [1, 10, 100];
  const rows = ways.map(([name, cross]) => [
    name,
    ...sizes.map((size) => {
      const times = Array.from({ length: ROUNDS }, () => measure(cross, blockOf(size)) / size);
      return `${median(times).toFixed(0)} ns`;
    }),
  ]);
  console.log(table(['CPU per message, block of', ...sizes.map(String)], rows));
  return Promise.resolve();
}

function blockOf(size: number): unknown {
  return Array.from({ length: size }, (_, index) => [
    '1/router',
    {
      type: 'delivered',
      publication: {
        topic: `broker/t${index}`,
        epoch: 'k3f9a1',
        offset: index,
        id: undefined,
        data: new Uint8Array(100),
      },
    },
  ]);
}

/** Nanoseconds of CPU per block. */
function measure(cross: (block: unknown) => unknown, block: unknown): number {
  const blocks = MESSAGES / (block as readonly unknown[]).length / 10;
  const before = process.cpuUsage();
  for (let i = 0; i < blocks; i += 1) cross(block);
  const spent = process.cpuUsage(before);
  return ((spent.user + spent.system) * 1_000) / blocks;
}
