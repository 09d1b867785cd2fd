// placeholder until the real one lands
import type { Address } from '../actors/runtime/actor.ts';
import type { TokenVerdict, VerifyToken } from '../actors/runtime/edges.ts';
export interface AuthOptions { readonly secret?: string }
export function createAuthEdge(_options: AuthOptions | undefined, deliver: (to: Address<TokenVerdict>, verdict: TokenVerdict) => void): (m: VerifyToken) => void {
  return ({ ref, replyTo }) => deliver(replyTo, { type: 'tokenRefused', ref, reason: 'none' });
}
