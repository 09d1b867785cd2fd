// Which part of the session answers which request. Those that need nobody else are answered here.
// Refuses to know how lines were read. Obeys spec/hp.md, section "Messages".

import type { HpRequest } from '../../codecs/hp/requests.ts';
import { hello, login } from './arriving.ts';
import { bye } from './leaving.ts';
import { askPresences, setPresence, unwatch, watch } from './presence.ts';
import { join, leave } from './joining.ts';
import { resume } from './resuming.ts';
import { askStats, listMembers, listRooms, readHistory } from './looking.ts';
import { answer, leaveUnanswered, type Session, type Turn } from './session.ts';
import { acknowledge, sayDirect, sayInRoom, sendReceipt, tellTyping } from './talking.ts';

/** `session.pending` holds the request; whoever answers it takes it away. */
export function obey(session: Session, request: HpRequest, context: Turn): void {
  context.count(`chat.requests.${request.type}`);
  switch (request.type) {
    case 'HELLO':
      hello(session, request, context);
      return;
    case 'LOGIN':
      login(session, request, context);
      return;
    case 'RESUME':
      session.isHeardOf = false;
      resume(session, request, context);
      return;
    case 'LOGOUT':
    case 'BYE':
      bye(session, session.pending?.id ?? '', request.reason, context);
      return;
    case 'PING':
      answer(session, 'PONG', { echo: request.echo }, context); // [HP-LIVE-2]
      return;
    case 'PONG':
      leaveUnanswered(session);
      return;
    case 'JOIN':
      join(session, request, context);
      return;
    case 'LEAVE':
      leave(session, request, context);
      return;
    case 'ROOM_LIST':
      listRooms(session, request, context);
      return;
    case 'ROOM_MEMBERS':
      listMembers(session, request, context);
      return;
    case 'ROOM_MESSAGE':
      sayInRoom(session, request, context);
      return;
    case 'DIRECT_MESSAGE':
      sayDirect(session, request, context);
      return;
    case 'ACK':
      acknowledge(session, request, context);
      return;
    case 'RECEIPT':
      sendReceipt(session, request, context);
      return;
    case 'PRESENCE_SET':
      setPresence(session, request, context);
      return;
    case 'PRESENCE_SUBSCRIBE':
      watch(session, request.users, context);
      return;
    case 'PRESENCE_UNSUBSCRIBE':
      unwatch(session, request.users, context);
      return;
    case 'PRESENCE_QUERY':
      askPresences(session, request.users, context);
      return;
    case 'HISTORY':
      readHistory(session, request, context);
      return;
    case 'TYPING':
      tellTyping(session, request, context);
      return;
    case 'WHOAMI':
      whoAmI(session, context);
      return;
    case 'STATS':
      askStats(session, context);
      return;
    default:
      request satisfies never;
  }
}

function whoAmI(session: Session, context: Turn): void {
  const { who, chat, seats } = session;
  answer(
    session,
    'WHOAMI_OK',
    {
      user: who?.user,
      session: who?.session,
      node: chat.options.node,
      status: who?.status,
      note: who?.note,
      caps: who?.caps,
      rooms: [...seats.keys()],
    },
    context,
  );
}
