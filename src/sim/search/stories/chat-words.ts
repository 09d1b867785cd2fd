// Plain words for what a trace says of the chat and of its cluster. Refuses to choose what is worth telling.

import type { ChatRecord } from '../../records/chat-records.ts';

export function chatWords(event: ChatRecord): string {
  const who = 'client' in event ? `client ${event.client}` : '';
  switch (event.kind) {
    case 'chatBegan':
      return `there are the nodes ${event.nodes.join(', ')}`;
    case 'processBegan':
      return `node ${event.node} begins a life, number ${event.incarnation}`;
    case 'processDied':
      return `node ${event.node} dies, and all it knew with it`;
    case 'talkerJoined':
      return `${who} is ${event.user}, for ${event.rooms.join(', ')}`;
    case 'talkerConnected':
      return `${who} connects to shard ${event.node}.${event.shard}`;
    case 'talkerAsked':
      return `${who} says ${event.what}${askedAbout(event)}`;
    case 'talkerAnswered':
      return `${who} is answered ${event.code ?? event.what} to ${event.asked ?? 'nothing'}`;
    case 'loggedIn':
      return (
        `${who} is in as ${event.user}, session ${event.session}` +
        (event.isResumed ? `, come back to ${event.replayed} messages` : '')
      );
    case 'seated':
      return `${who} sits in '${event.room}' at ${event.epoch}:${event.place}`;
    case 'unseated':
      return `${who} has left '${event.room}'`;
    case 'roomAcked':
      return (
        `${who} is told that ${event.message} is ${event.status} in '${event.room}' ` +
        `at ${event.epoch}:${event.place}${event.isDuplicate ? ', already' : ''}`
      );
    case 'roomHeard':
      return (
        `${who} hears ${event.message} of ${event.from} in '${event.room}' ` +
        `at ${event.epoch}:${event.place} by ${event.home}${event.isDelayed ? ', late' : ''}`
      );
    case 'directAcked':
      return `${who} is told that ${event.message} to ${event.to} is ${event.status}`;
    case 'directHeard':
      return `${who} hears ${event.message} of ${event.from}${event.isSent ? ', its own' : ''}`;
    case 'presenceTold':
      return `${who} is told who is here: ${sessionsWords(event.users)}`;
    case 'signHeard':
      return `${who} hears ${event.what} (${event.sign}) of ${event.from}${whereOf(event)}`;
    case 'roomEventHeard':
      return `${who} hears of '${event.room}': ${event.event} ${event.who}, now ${event.count}`;
    case 'statusSet':
      return `${who} is ${event.status} now`;
    case 'statusHeard':
      return `${who} is told that ${event.of} is ${event.status}${event.isAnswer ? '' : ' now'}`;
    case 'unwatched':
      return `${who} does not watch ${event.of} any more`;
    case 'statusesTold':
      return `${who} is told: ${event.statuses.map((one) => one.join(' is ')).join(', ')}`;
    case 'membersTold':
      return `${who} is told who is in '${event.room}': ${event.users.join(', ') || 'nobody'}`;
    case 'historyTold':
      return `${who} reads ${event.entries.length} messages of '${event.room}'`;
    case 'historyPaged':
      return `${who} reads a page: ${event.entries.length} messages of '${event.of}'${moreOf(event)}`;
    case 'namesPaged':
      return `${who} reads a page of ${event.of || 'rooms'}: ${event.names.join(', ')}${moreOf(event)}`;
    case 'roomsTold':
      return `${who} is told which rooms there are: ${event.rooms.map(([room, count]) => `${room} ×${count}`).join(', ')}`;
    case 'directsTold':
      return `${who} reads ${event.messages.length} messages with ${event.with}`;
    case 'roomLost':
      return `${who} never reads ${event.message ?? 'of a gap'} of '${event.room}', which was on its way as its connection ended`;
    case 'selfTold':
      return `${who} is told that it is ${event.of}, ${event.status}, in ${event.rooms.join(', ') || 'no room'}`;
    case 'statsTold':
      return `${who} is told of ${event.users} users, ${event.rooms} rooms, ${event.waiting} messages that wait, and sessions: ${event.sessions.map(([node, count]) => `${node} ${count}`).join(', ')}`;
    case 'directLost':
      return `${who} never reads ${event.message}, which was on its way as its connection ended`;
    case 'talkerNoticed':
      return `${who} hears ${event.what} ${event.code}`;
    case 'talkerErred':
      return `${who} says something wrong`;
    case 'talkerMisheard':
      return `${who} hears what no node may say: ${event.what}`;
    case 'talkerEnded':
      return `the connection of ${who} is ended by the ${event.by}`;
    case 'talkerWaits':
      return `${who} still waits for the answer to ${event.what}`;
    case 'talkerRests':
      return event.session === undefined
        ? `${who} is not in`
        : `${who} is in as ${event.session}, in ${event.rooms.join(', ') || 'no room'}`;
    case 'ghostSeen':
      return `${event.session} of ${event.user} sits in '${event.room}' at home on node ${event.node}, and is not there`;
    case 'peerSpoke':
      return `node ${event.node} says ${event.type} to node ${event.to}${forwardedAbout(event)}`;
    case 'peerSeen':
      return `node ${event.node} sees ${event.peer}: ${event.state}`;
    case 'peerErred':
      return `node ${event.node} says something wrong to node ${event.to}: ${event.what}`;
    case 'linkPoisoned':
      return `the link with node ${event.to} fails on node ${event.node}`;
    case 'linkLooked':
      return `connection ${event.connection} is ${event.isOpen ? 'open' : 'closed'} at node ${event.node}`;
    case 'lagMeasured':
      return `node ${event.node} is told that its thread is late by ${event.p99Ms} ms`;
    case 'lagSeen':
      return `node ${event.node} says that it ${event.isLagging ? 'lags' : 'lags no more'}`;
    case 'clockSet':
      return `the clock of node ${event.node} is set by ${event.byMs} ms`;
    case 'skewSeen':
      return `node ${event.node} sees the clock of ${event.peer} ahead by ${event.seconds} s`;
    case 'splitSeen':
      return event.peers.length === 0
        ? `node ${event.node} reaches all others again`
        : `node ${event.node} cannot reach ${event.peers.join(', ')}`;
    case 'digestsDiffered':
      return `node ${event.node} has another version ${event.ver} of ${event.peer} than ${event.peer} itself`;
    case 'linksCounted':
      return `links: ${event.pairs.map(([one, other, links]) => `${one}-${other} ${links}`).join(', ')}`;
    case 'houseOpened':
      return `node ${event.node} is set for plays: ${JSON.stringify(event.house)}`;
    case 'playBegan':
      return `the play '${event.play}' begins`;
    case 'playHeard':
      return `${event.by} in '${event.play}' hears ${event.heard.join(', ')}`;
    case 'playFailed':
      return `a bug strikes ${event.address}`;
    case 'playOver':
      return `the play '${event.play}' is over`;
    case 'callBegan':
      return `client ${event.client} makes the call '${event.call}'`;
    case 'callOver':
      return `the call '${event.call}' heard ${event.heard.join(', ')}${event.isEnded ? ', and is ended' : ''}`;
    case 'strangerHeard':
      return `a stranger (${event.what}) hears ${event.code ?? event.type} of node ${event.node}`;
    case 'strangerStands':
      return `a stranger (${event.what}) is still connected to node ${event.node}`;
    case 'strangerSentAway':
      return `node ${event.node} ends the connection of a stranger (${event.what})${event.isTold ? '' : ', without a word'}`;
    case 'membersOfTold':
      return `node ${event.node} tells its operator: ${event.members.map(({ node, state }) => `${node} is ${state}`).join(', ') || 'nobody'}`;
    case 'nodeTold':
      return `node ${event.node} tells its process: ${event.news}`;
    case 'crossSent':
      return `${who} publishes pub:${event.publication} to '${event.topic}' on node ${event.node}`;
    case 'crossTaken':
      return `${who} is told that pub:${event.publication} is taken`;
    case 'crossFollowed':
      return `${who} follows '${event.topic}' on node ${event.node}`;
    case 'crossHeard':
      return `${who} hears pub:${event.publication} of '${event.topic}' on node ${event.node}`;
    case 'bridgeHeard':
      return `${who} hears ${event.message} of ${event.from} in '${event.room}' at ${event.epoch}:${event.place}, over a bridge to '${event.topic}'`;
    case 'crossEnded':
      return `the connection of ${who} ends`;
    case 'faultPlayed':
      return `it is part of the play that ${event.fault.kind} befalls node ${event.fault.one}`;
    case 'chatProbed':
      return 'everybody says something, to see who is there';
    case 'talkersLeft':
      return 'everybody leaves';
    default:
      return event satisfies never;
  }
}

function askedAbout({
  room,
  to,
  message,
  isRepeat,
  sign,
}: Extract<ChatRecord, { readonly kind: 'talkerAsked' }>): string {
  const where = room === undefined ? (to === undefined ? '' : ` to ${to}`) : ` in '${room}'`;
  return (
    (message === undefined ? '' : ` ${message}`) +
    (sign === undefined ? '' : ` (${sign})`) +
    where +
    (isRepeat === true ? ', again' : '')
  );
}

function moreOf({ more }: { readonly more: boolean }): string {
  return more ? ', and there is more' : '';
}

function whereOf({ room }: { readonly room: string | undefined }): string {
  return room === undefined ? '' : ` in '${room}'`;
}

function forwardedAbout({
  key,
  message,
}: Extract<ChatRecord, { readonly kind: 'peerSpoke' }>): string {
  return key === undefined ? '' : ` ${key}${message === undefined ? '' : `: ${message}`}`;
}

function sessionsWords(users: readonly (readonly [string, number])[]): string {
  const here = users.filter(([, sessions]) => sessions > 0);
  return here.map(([user, sessions]) => `${user} ×${sessions}`).join(', ') || 'nobody';
}
