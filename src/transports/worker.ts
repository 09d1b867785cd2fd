// The entry of a shard's thread: hands what it was born with to the shard and says goodbye when it breaks.
// Kept thin, because coverage tools do not see worker threads.

import { parentPort, workerData } from 'node:worker_threads';
import { Shard } from './shard.ts';
import type { FromShard, ShardData, ToShard } from './shard-messages.ts';

const port = parentPort;
if (port === null) throw new Error('a shard runs in a worker thread');

const shard = new Shard(workerData as ShardData, (message: FromShard) => port.postMessage(message));
port.on('message', (message: ToShard) => shard.obey(message));
process.on('uncaughtException', (error) => shard.collapse(error));
process.on('unhandledRejection', (error) => shard.collapse(error));
