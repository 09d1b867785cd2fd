// Cross-origin headers: which are added with which values, and that what the origin said is left alone.

import { expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { addCrossOrigin } from '../../../../src/actors/gateway/rewriting/cross-origin.ts';
import { cpuMsOf } from '../../../support/cpu.ts';

const methods = 'OPTIONS, HEAD, GET, POST, PUT, DELETE';
const always: HeaderList = [
  ['Access-Control-Allow-Credentials', 'true'],
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Max-Age', '3600'],
];

test('a plain answer to a plain request may be read by all', () => {
  expect(addCrossOrigin([], [])).toEqual([['Access-Control-Allow-Methods', methods], ...always]);
});

test('what a browser asks for is what it may do', () => {
  const request: HeaderList = [
    ['origin', 'https://a.example'],
    ['Access-Control-Request-Method', 'PATCH'],
    ['access-control-request-headers', 'X-One,, x-two'],
    ['Access-Control-Request-Headers', 'X-Three'],
  ];
  expect(addCrossOrigin(request, [])).toEqual([
    ['Access-Control-Allow-Methods', 'PATCH'],
    ['Access-Control-Allow-Headers', 'X-One, x-two, X-Three'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Origin', 'https://a.example'],
    ['Access-Control-Max-Age', '3600'],
  ]);
});

test('empty wishes are none', () => {
  const request: HeaderList = [
    ['Origin', ''],
    ['Access-Control-Request-Method', ''],
    ['Access-Control-Request-Headers', ''],
  ];
  expect(addCrossOrigin(request, [])).toEqual(addCrossOrigin([], []));
});

test('headers that browsers keep from pages are exposed, each once', () => {
  const response: HeaderList = [
    ['Cache-Control', 'no-store'],
    ['content-language', 'de'],
    ['Content-Length', '0'],
    ['Content-Type', 'text/plain'],
    ['Expires', '0'],
    ['Last-Modified', 'x'],
    ['PRAGMA', 'x'],
    ['Grip-Status', '200'],
    ['X-One', '1'],
    ['x-one', '2'],
    ['ETag', 'x'],
  ];
  expect(addCrossOrigin([], response)).toEqual([
    ...response,
    ['Access-Control-Allow-Methods', methods],
    ['Access-Control-Expose-Headers', 'X-One, ETag'],
    ...always,
  ]);
});

test('headers are exposed in no time, however many there are', () => {
  const response: HeaderList = Array.from({ length: 50_000 }, (_, n) => [`x-${n}`, '1']);
  const cpuMs = cpuMsOf(() => {
    const [, exposed] = addCrossOrigin([], response).slice(response.length);
    expect(exposed?.[1].split(', ')).toHaveLength(50_000);
  });
  expect(cpuMs).toBeLessThan(1_000);
});

test('what the origin said stays, and nothing is added beside it', () => {
  const response: HeaderList = [
    ['access-control-allow-methods', 'GET'],
    ['Access-Control-Allow-Headers', ''],
    ['Access-Control-Expose-Headers', 'X-Other'],
    ['Access-Control-Allow-Credentials', 'false'],
    ['ACCESS-CONTROL-ALLOW-ORIGIN', 'https://b.example'],
    ['Access-Control-Max-Age', '1'],
    ['X-One', '1'],
  ];
  const request: HeaderList = [['Access-Control-Request-Headers', 'X-One']];
  expect(addCrossOrigin(request, response)).toEqual(response);
});
