// placeholder until the real one lands
import type { Log } from '../actors/runtime/edges.ts';
export function createLogEdge(write: (entry: Log) => void): (entry: Log) => void {
  return write;
}
