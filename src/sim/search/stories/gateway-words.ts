// Plain words for what a trace says of the gateway; other dialects have rooms of their own.
// Refuses to choose what is worth telling.

import type { ChatRecord } from '../../records/chat-records.ts';
import type { GatewayRecord, Lines } from '../../records/gateway-records.ts';
import { chatWords } from './chat-words.ts';

export function gatewayWords(event: GatewayRecord | ChatRecord): string {
  const who = 'client' in event ? `client ${event.client}` : '';
  switch (event.kind) {
    case 'gatewayBegan':
      return `there are the channels ${event.channels.map(({ channel }) => channel).join(', ')}`;
    case 'itemMade':
      return `item ${event.item} of ${event.channel} is written down`;
    case 'itemSent':
      return `item ${event.item} of ${event.channel} is published${event.isRepeat ? ' again' : ''}`;
    case 'controlAnswered':
      return `a publisher is answered with ${event.status}`;
    case 'holdAsked':
      return `${who} asks (${event.what}) for ${placesIn(event.channels, event.seen)}`;
    case 'originHeard':
      return `an origin hears a ${event.purpose} of ${who}`;
    case 'originSaid':
      return (
        `an origin answers ${who}, hold ${event.hold}${linesWords(event.lines)}` +
        (event.isLie ? ', and is wrong about what it gave last' : '')
      );
    case 'holdAnswered':
      return `${who} is answered with ${event.status}${linesWords(event.lines)}`;
    case 'holdOpened':
      return `${who} has its stream`;
    case 'holdHeard':
      return `${who} hears item ${event.item} of ${event.channel}`;
    case 'holdKept':
      return `${who} is kept alive`;
    case 'delayHeard':
      return `${who} hears late what was promised with word ${event.word}`;
    case 'holdMisheard':
      return `${who} hears what no answer may hold: ${event.what}`;
    case 'holdEnded':
      return `the connection of ${who} is ended by the ${event.by}${event.isWhole ? ', whole' : ''}`;
    case 'wordSaid':
      return `${who} says word ${event.word}`;
    case 'wordTaken':
      return `an origin takes word ${event.word} of ${who}`;
    case 'wordsAnswered':
      return `an origin takes ${event.isPartial ? 'some' : 'all'} of what ${who} said`;
    case 'wordEchoed':
      return `${who} hears its word ${event.word}`;
    case 'partingTaken':
      return `an origin is told that ${who} is gone`;
    case 'fetchBegan':
      return `question ${event.question} of ${event.owner} begins`;
    case 'fetchEnded':
      return `question ${event.question} is ${event.how}`;
    case 'followedTold':
      return `shard ${event.node}.${event.shard} tells of ${event.followed.length} channels that are followed`;
    case 'holderPoisoned':
      return `whoever answers ${who} fails`;
    case 'closeAnswered':
      return `${who} has closed with ${event.said}, and is closed with ${event.code}`;
    case 'errandNoticed':
      return `the operator of node ${event.node} is told of errand '${event.errand}': ${event.words}`;
    case 'clientTold':
      return `the operator of node ${event.node} is told that client ${event.id} is ${event.isThere ? 'there' : 'gone'}`;
    case 'routesWritten':
      return `the routes of node ${event.node} are written anew, for the ${event.edition}th time`;
    case 'itemDropped':
      return `the operator of node ${event.node} is told that an item of ${event.channel} is dropped`;
    case 'sendingTold':
      return `the operator of node ${event.node} is told of an item of ${event.channel} for ${event.receivers}`;
    case 'requestLogged':
      return `the log of node ${event.node} has: ${event.words.slice(0, SOUND_MAX)}`;
    case 'idlerPolled':
      return `${who} polls in its session ${event.session}`;
    case 'idlerHeard':
      return `${who} hears in its session ${event.session}: ${event.words.slice(0, SOUND_MAX)}`;
    case 'idlerSaid':
      return `${who} says word ${event.word}, and is answered ${event.words}`;
    case 'holdersLeft':
      return 'everybody leaves';
    case 'gatewayCounted':
      return (
        `shard ${event.node}.${event.shard} holds ${event.connections} connections, ` +
        `and tells of ${event.followed.length} channels that are followed`
      );
    case 'gatewayDrains':
      return `shard ${event.node}.${event.shard} sends its clients away`;
    case 'stageSet':
      return 'scenes are to be played';
    case 'sceneBegan':
      return `${who} begins its scene ${event.number}, a ${event.scene.shape}`;
    case 'sceneActed':
      return `act ${event.act} in the scene of ${who}`;
    case 'sceneHeard':
      return `${who} hears: ${event.sound.slice(0, SOUND_MAX)}`;
    case 'sceneAsked':
      return `the origin of ${who} hears (${event.purpose}): ${event.words.slice(0, SOUND_MAX)}`;
    case 'sceneEnded':
      return `the scene of ${who} is over`;
    case 'recoverPosted':
      return `everybody on node ${event.node} is to look again`;
    case 'errandRun':
      return `${who} runs the errand '${event.errand}'`;
    case 'errandAnswered':
      return `the errand '${event.errand}' is answered: ${event.answer.slice(0, SOUND_MAX)}`;
    default:
      return chatWords(event);
  }
}

function placesIn(channels: readonly string[], after: readonly number[]): string {
  return channels.map((channel, place) => `${channel} after ${after[place] ?? 0}`).join(', ');
}

function linesWords(lines: readonly Lines[]): string {
  const some = lines.filter(({ items }) => items.length > 0);
  return some.map(({ channel, items }) => `, ${channel} ${items.join(' ')}`).join('');
}

const SOUND_MAX = 120;
