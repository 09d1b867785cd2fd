// Requirements of spec/hp.md and spec/hp-peer.md that a stranger cannot see, each with the reason.

const FAULT =
  'takes a fault inside the server, which nobody outside can bring about; test/unit/chat holds it';

export const hpUnseen: Readonly<Record<string, string>> = {
  'HP-CONN-2': 'loopback is exempt, and the suite has one address; test/unit/chat holds it',
  'HP-CONN-3': 'loopback is exempt, and the suite has one address; test/unit/chat holds it',
  'HP-SESS-7':
    'is the sum of what other cases see; test/unit/chat draws the picture from the machine that runs',
  'HP-LOGIN-5': 'takes a client that is not on loopback; test/unit/chat holds it',
  'HP-RES-11': 'takes a home that is moving in that moment; test/unit/cluster holds it',
  'HP-DM-10': 'takes more messages than a suite should say; test/unit/chat holds it',
  'HP-HIST-4': 'takes more messages than a suite should say; test/unit/chat holds it',
  'HP-RES-13': 'takes a server that has just started; test/unit/cluster holds it',
  'HP-HOME-12': 'takes two lives of the server; test/unit/cluster holds it',
  'HP-HOME-13': FAULT,
  'HP-STORE-8': 'takes the death of a shard; test/unit/cluster holds it',
  'HP-RELAY-14': FAULT,
  'HP-ROOM-9': FAULT,
  'HP-ERR-5': FAULT,
  'HP-TYPE-2': 'when a window is full lies between two networks; test/unit/chat holds it',
  'HP-DRAIN-1': 'takes the end of the server; test/e2e holds it',
  'HP-DRAIN-2': 'takes the end of the server; test/e2e holds it',
  'HP-DRAIN-4': 'takes the end of the server; test/unit/cluster holds it',
  'HP-MEMBER-8': 'takes a hand on the server’s process; test/e2e holds it',
  'HP-MEMBER-13': 'takes a server that is busy; test/unit/cluster holds it',
  'HP-MEMBER-9': 'takes minutes of dying; test/unit/cluster holds it',
  'HP-MEMBER-10': 'nobody waits for twenty minutes; test/unit/cluster holds it',
  'HP-BEAT-2': 'takes a link that is full; test/unit/cluster holds it',
  'HP-STORE-5': 'once a minute; test/unit/cluster holds it',
  'HP-MEMBER-12': 'takes a link that stands at one end alone; test/unit/cluster holds it',
  'HP-PEER-14': 'is a setting of the node; test/unit/cluster holds it',
  'HP-PEER-11': 'is told at the admin door; test/unit/cluster holds it',
  'HP-PEER-13':
    'TLS binds a proof to a channel that the suite would have to end itself; test/process/cluster holds it',
  'HP-JOIN-1': 'takes a server that starts; test/unit/cluster holds it',
  'HP-PART-5': 'takes twenty seconds on a side that is alone; test/unit/cluster holds it',
  'HP-CLOCK-1': 'is told in the log and to administrators; test/unit/cluster holds it',
  'HP-CLOCK-2':
    'no client can set the clock of a machine; test/unit/cluster and test/unit/transports hold it',
  'HP-NOTE-2': 'takes an administrator of a cluster; test/unit/cluster holds it',
  'HP-DETOUR-6':
    'is told in the log, at the admin door and to administrators; test/unit/cluster holds it',
  'HP-DRAIN-3': 'takes the end of the server; test/unit/cluster holds it',
  'HP-STORE-7': 'takes the death of a home that somebody sat at; test/unit/cluster holds it',
  'HP-HOME-11': 'takes two sides of a split; test/unit/cluster holds it',
  'HP-RELAY-13': 'takes megabytes that nobody acknowledges; test/unit/cluster holds it',
  'HP-RELAY-5': 'takes ten thousand messages that are lost; test/unit/cluster holds it',
};
