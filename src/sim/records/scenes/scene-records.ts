// What the trace says of scenes: which is played, what its client does and hears, and what its origin is asked.
// Refuses to judge, and to know what should be heard.

import type { GatewayOptions } from '../../../actors/gateway/gateway-options.ts';
import type { Scene } from './scene.ts';

interface AtScene {
  readonly node: number;
  readonly client: number;
  /** Unique in the run: each scene has a connection of its own. */
  readonly connection: number;
}

/** What scenes depend on beside themselves. */
export interface SceneLimits {
  readonly messageWaitMs: number;
  readonly subscriptionsMax: number;
  readonly keptBytesMax: number;
  /** Origins are asked again when a channel gets its first follower. */
  readonly isUpdating: boolean;
  /** What becomes of addresses that were told on the way. */
  readonly forwardedFor: GatewayOptions['forwardedFor'];
  /** The log has a line for each request. */
  readonly isLogged?: boolean;
  /** It says who asked, and with what. */
  readonly isFromLogged?: boolean;
  readonly isAgentLogged?: boolean;
}

export type SceneRecord =
  | { readonly kind: 'stageSet'; readonly limits: SceneLimits }
  | (AtScene & { readonly kind: 'sceneBegan'; readonly number: number; readonly scene: Scene })
  | (AtScene & { readonly kind: 'sceneActed'; readonly act: number })
  /** In words of one form, see `workload/scenes/sounds.ts`. */
  | (AtScene & { readonly kind: 'sceneHeard'; readonly sound: string })
  | (AtScene & {
      readonly kind: 'sceneAsked';
      readonly purpose: 'request' | 'next' | 'filter' | 'events';
      /** The question as its origin read it. */
      readonly words: string;
    })
  | (AtScene & { readonly kind: 'sceneEnded' })
  /** Somebody wants all origins of a node to be asked again. */
  | { readonly kind: 'recoverPosted'; readonly node: number }
  /** By name. */
  | {
      readonly kind: 'errandRun';
      readonly node: number;
      readonly client: number;
      readonly errand: string;
    }
  /** In words of one form. */
  | {
      readonly kind: 'errandAnswered';
      readonly node: number;
      readonly errand: string;
      readonly answer: string;
    };
