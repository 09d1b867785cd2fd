// The file of a cluster's secrets.

import { describe, expect, test } from 'vitest';
import { readSecrets, secretProblems } from '../../../src/transports/process/cluster-files.ts';

describe('secrets', () => {
  const long = 's'.repeat(32);

  test.each([
    [long, ['k1']],
    [`# first\nnew ${long}\nold ${long}\n\n`, ['new', 'old']],
  ])('are read: %s', (text, ids) => {
    const keys = readSecrets(text);
    expect(typeof keys === 'string' ? keys : keys.map(({ id }) => id)).toEqual(ids);
    if (typeof keys !== 'string') expect(keys[0]?.secret.byteLength).toBe(32);
  });

  test.each([
    ['', 'has no secret in it'],
    ['short', 'line 1 has a secret of less than 32 bytes'],
    [`a ${long}\na ${long}`, 'line 2 has a name that is taken'],
  ])('are refused: %s', (text, problem) => {
    expect(readSecrets(text)).toBe(problem);
  });

  test('that cannot be read are told of', () => {
    expect(secretProblems('/nowhere/at/all')).toMatchObject([{ key: 'secretFile' }]);
  });
});
