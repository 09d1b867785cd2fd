// Whoever plays a scene hears what the spec says that it hears, and nothing else, each thing in its time; and its origin
// is asked what it must be asked. Scenes are played when nothing is wrong, so nothing is excused.
// Each property follows all scenes, and speaks of one kind of lie. Refuses to know what is right: the models do.

import type { SceneLimits } from '../../../records/scenes/scene-records.ts';
import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { AnswerModel, errorOf } from './answering.ts';
import type { Aspect, SceneModel, SceneOf } from './model.ts';
import { SocketModel } from './speaking.ts';
import { StreamModel } from './streaming.ts';

function sceneInvariant(
  property: string,
  aspect: Aspect,
  requirements: readonly string[],
): Invariant {
  return {
    property,
    requirements,
    judge(report) {
      const judge = new Judge(report, aspect);
      return {
        stageSet: ({ limits }) => {
          judge.limits = limits;
        },
        sceneBegan: (event) => judge.began(event),
        sceneActed: (event) => judge.follow(event, (model) => model.acted(event.act, event.at)),
        sceneAsked: (event) =>
          judge.follow(event, (model) => model.asked(event.purpose, event.words, event.at)),
        sceneHeard: (event) => judge.follow(event, (model) => model.heard(event.sound, event.at)),
        sceneEnded: (event) => judge.ended(event),
        quiet: (event) => judge.settle(event),
        recoverPosted: (event) => judge.recovered(event),
        shardCrashed: ({ node }) => judge.crashed(node),
      };
    },
  };
}

/** [GRIP-PROXY-1] and whatever else makes an answer. */
const heldAnswers = sceneInvariant('held-answers', 'answers', [
  ...['GRIP-HOLD-1', 'GRIP-HOLD-3', 'GRIP-INSTR-1', 'GRIP-INSTR-3', 'GRIP-INSTR-4'],
  ...['GRIP-INSTR-6', 'GRIP-INSTR-7', 'GRIP-JSON-2', 'GRIP-JSON-4', 'GRIP-PUB-10', 'GRIP-PUB-11'],
  ...['GRIP-PUB-12', 'GRIP-PUB-13', 'GRIP-PATCH-1', 'GRIP-PATCH-3', 'GRIP-FILTER-8'],
]);

const heldStreams = sceneInvariant('held-streams', 'streams', [
  ...['GRIP-STREAM-1', 'GRIP-STREAM-2', 'GRIP-STREAM-3', 'GRIP-STREAM-4', 'GRIP-INSTR-8'],
  ...['GRIP-ORDER-1', 'GRIP-ORDER-2', 'GRIP-ORDER-3', 'GRIP-ORDER-5', 'GRIP-FILTER-4'],
  ...['GRIP-FILTER-5', 'GRIP-FILTER-7', 'GRIP-NEXT-6', 'GRIP-ZMQ-1'],
]);

const socketsHear = sceneInvariant('sockets-hear', 'sockets', [
  ...['WOH-GRIP-2', 'WOH-GRIP-3', 'WOH-GRIP-5', 'WOH-GRIP-6', 'WOH-GRIP-7', 'WOH-GRIP-8'],
  ...['WOH-GRIP-11', 'WOH-GRIP-12', 'WOH-GRIP-13', 'WOH-PUB-1', 'WOH-PUB-4', 'WOH-PUB-5'],
  ...['WOH-PUB-7', 'WOH-FILTER-1', 'WOH-FILTER-2', 'WOH-CLOSE-5', 'WOH-EVENT-7'],
]);

const originsAsked = sceneInvariant('origins-asked', 'asking', [
  ...['GRIP-PROXY-1', 'GRIP-HEAD-1', 'GRIP-HEAD-2', 'GRIP-HEAD-4', 'GRIP-HOLD-5', 'GRIP-PUB-13'],
  ...['GRIP-NEXT-4', 'GRIP-NEXT-5', 'GRIP-NEXT-7', 'GRIP-NEXT-9', 'WOH-OPEN-1', 'WOH-OPEN-2'],
  ...['WOH-META-1', 'WOH-PUB-6', 'WOH-CLOSE-5'],
]);

export const keptAlive = sceneInvariant('kept-alive', 'alive', [
  ...['GRIP-KEEP-1', 'GRIP-KEEP-2', 'GRIP-KEEP-3', 'WOH-GRIP-9', 'WOH-GRIP-10'],
]);

export const sceneInvariants: readonly Invariant[] = [
  heldAnswers,
  heldStreams,
  socketsHear,
  originsAsked,
  keptAlive,
];

interface Played {
  readonly node: number;
  readonly client: number;
  readonly model: SceneModel;
  /** Nothing but its origin is heard any more. */
  isOver: boolean;
}

class Judge {
  limits: SceneLimits | undefined = undefined;
  readonly #report: Report;
  readonly #aspect: Aspect;
  /** By connection. */
  readonly #played = new Map<number, Played>();
  /** Of what is being followed. */
  #event: TraceEvent | undefined = undefined;

  constructor(report: Report, aspect: Aspect) {
    this.#report = report;
    this.#aspect = aspect;
  }

  began(event: EventOf<'sceneBegan'>): void {
    const { limits } = this;
    const { node, client, connection, number, scene, at } = event;
    if (limits === undefined) return;
    this.settle(event, client);
    const place = { client, number };
    const complain: SceneOf['complain'] = (aspect, sentence) => {
      if (aspect === this.#aspect && this.#event !== undefined)
        this.#report(
          this.#event,
          `client ${client}, scene ${number} (${scene.shape}), ${sentence}`,
        );
    };
    this.#played.set(connection, {
      ...{ node, client, isOver: false },
      model: modelOf({ scene, place, limits, beganAt: at, complain }),
    });
  }

  follow(
    event: TraceEvent & { readonly connection: number },
    act: (model: SceneModel) => void,
  ): void {
    const played = this.#played.get(event.connection);
    if (played === undefined) return;
    this.#event = event;
    act(played.model);
  }

  recovered(event: EventOf<'recoverPosted'>): void {
    this.#event = event;
    for (const { node, model, isOver } of this.#played.values())
      if (node === event.node && !isOver) model.recovered(event.at);
  }

  ended(event: EventOf<'sceneEnded'>): void {
    this.follow(event, (model) => model.ended(event.at));
    const played = this.#played.get(event.connection);
    if (played?.model.settled === undefined) this.#played.delete(event.connection);
    else played.isOver = true;
  }

  /** Of one client, or of all. */
  settle(event: TraceEvent, of?: number): void {
    this.#event = event;
    for (const [connection, { client, model, isOver }] of this.#played) {
      if (!isOver || (of !== undefined && client !== of)) continue;
      this.#played.delete(connection);
      model.settled?.(event.at);
    }
  }

  /** What a thread knew is lost with it. */
  crashed(node: number): void {
    for (const [connection, played] of this.#played)
      if (played.node === node) this.#played.delete(connection);
  }
}

function modelOf(of: SceneOf): SceneModel {
  const { scene, limits } = of;
  if (scene.shape === 'socket') return new SocketModel(of);
  if (scene.shape === 'stream' && errorOf(scene, limits.keptBytesMax) === undefined)
    return new StreamModel(of);
  return new AnswerModel(of);
}
