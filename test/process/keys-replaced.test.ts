// A shard that takes a dead one's place goes by the keys and passwords that were in force, and not by those of the start.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { chatDefaults } from '../../src/actors/chat/chat-options.ts';
import { homeDefaults } from '../../src/actors/node.ts';
import { writePasswordLine } from '../../src/transports/auth/password-book.ts';
import { startShards } from '../../src/transports/shards.ts';
import type { Shards, ShardsOptions } from '../../src/transports/shards-contract.ts';

const PATIENT = { timeout: 60_000 };
let running: Shards | undefined;
let folder = '';

afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(folder, { recursive: true });
});

const DOOR = { host: '127.0.0.1', port: 0, tls: undefined, deflate: false };

async function start(logged: string[], more: Partial<ShardsOptions>): Promise<Shards> {
  const started = await startShards(
    {
      ...{ threads: 1, seed: 1, home: homeDefaults, auth: undefined, doors: { broker: DOOR } },
      ...{ broker: { ...brokerDefaults, requireToken: true }, ...more },
    },
    { log: ({ event }) => logged.push(event), failed: (reason) => logged.push(reason) },
  );
  if (!started.ok) throw new Error(started.message);
  running = started.shards;
  return started.shards;
}

/** A file that the shards watch. */
function watched(text: string): { readonly file: string; readonly text: string } {
  folder = mkdtempSync(join(tmpdir(), 'hermod-keys-'));
  const file = join(folder, 'file');
  writeFileSync(file, text);
  return { file, text };
}

async function replaced(shards: Shards, logged: readonly string[]): Promise<void> {
  shards.crash(0);
  await expect.poll(() => logged.includes('shard.replaced'), { timeout: 20_000 }).toBe(true);
}

const until = { timeout: 20_000, interval: 50 };

test('[PROC-AUTH-1] [SHARD-2] a key set that was good stays in force', PATIENT, async () => {
  const [first, second] = [signer('first'), signer('second')];
  const jwks = watched(first.set);
  const none = { secret: undefined, publicKey: undefined, audience: undefined, issuer: undefined };
  const logged: string[] = [];
  const shards = await start(logged, { auth: { ...none, jwks, leewaySeconds: 0 } });
  const statusOf = async ({ token }: Signer): Promise<number> => {
    const headers = { authorization: `Bearer ${await token}` };
    return (await fetch(`http://${shards.doors['broker']}/topics`, { headers })).status;
  };
  writeFileSync(jwks.file, second.set);
  await expect.poll(() => statusOf(second), until).toBe(200);
  writeFileSync(jwks.file, '{"keys":[');
  await expect.poll(() => logged.includes('auth.jwksBroken'), until).toBe(true);
  await replaced(shards, logged);
  expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
});

test('[PROC-CHAT-3] [SHARD-2] passwords that were good stay in force', PATIENT, async () => {
  const passwords = watched(await writePasswordLine('alice', 'old secret'));
  const options = { ...chatDefaults, auth: ['password'] as const };
  const logged: string[] = [];
  const shards = await start(logged, {
    chat: { options, incarnation: 1, passwords },
    doors: { chat: { ...DOOR, dialect: 'chat' } },
  });
  const answerTo = (password: string): Promise<string> =>
    login(Number(shards.doors['chat']?.split(':').at(-1)), password);
  writeFileSync(passwords.file, await writePasswordLine('alice', 'new secret'));
  await expect.poll(() => logged.includes('chat.passwordsReloaded'), until).toBe(true);
  writeFileSync(passwords.file, 'alice');
  await expect.poll(() => logged.includes('chat.passwordsBroken'), until).toBe(true);
  await replaced(shards, logged);
  expect(await answerTo('old secret')).toContain('"type":"ERROR"');
  expect(await answerTo('new secret')).toContain('"type":"LOGIN_OK"');
});

interface Signer {
  /** As a JSON Web Key Set. */
  readonly set: string;
  readonly token: Promise<string>;
}

function signer(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    set: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] }),
    token: tokenOf(kid, privateKey),
  };
}

function tokenOf(kid: string, key: KeyObject): Promise<string> {
  return new SignJWT({ subscribe: ['*'] }).setProtectedHeader({ alg: 'EdDSA', kid }).sign(key);
}

/** What the chat says to a login first. */
function login(port: number, password: string): Promise<string> {
  const auth = { method: 'password', password };
  const payload = { user: 'alice', auth };
  const envelope = { version: '1.0', type: 'LOGIN', id: '1', timestamp: 1, source: 'client' };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.write(`${JSON.stringify({ ...envelope, payload })}\n`);
    });
    socket.once('data', (chunk) => {
      resolve(String(chunk));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
