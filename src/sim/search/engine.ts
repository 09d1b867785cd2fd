// What the engine is told about the work ahead, in flags of V8 that count for all threads. Refuses to change what a run
// is: flags make it faster, or not. ADR 0041.

import { setFlagsFromString } from 'node:v8';

/**
 * Mailboxes, edges and judges meet messages of dozens of kinds in one place, where the engine gives up at four. Before
 * the first module is loaded, because compiled code is kept by flags.
 */
export function expectManyKinds(): void {
  setFlagsFromString('--max-valid-polymorphic-map-count=16');
}

/** Compiles well what others would hardly call often: seconds for each thread, which a long search gets back. */
export function expectLongSearch(): void {
  setFlagsFromString('--invocation-count-for-turbofan=1500');
}
