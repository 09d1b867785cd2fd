// Why a door could not be opened, as one sentence for the operator, with a way out. Refuses to know doors' insides.

export interface DoorAttempt {
  readonly door: string;
  readonly host: string;
  readonly port: number;
  /** What the operator can set to move it: `WS_PORT or --port`. */
  readonly portSetting: string;
  readonly hostSetting: string;
  /** The system's error. */
  readonly code: string;
  readonly message: string;
}

/** [PROC-PORT-2] Door, address, reason and way out, in one line. */
export function doorRefusal(attempt: DoorAttempt): string {
  const { door, host, port, code, message } = attempt;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reason = reasons[code] ?? message;
  return `The ${door} door cannot listen on ${address}: ${reason} (${code}). ${wayOut(attempt)}`;
}

/** The same for a door that is named by a ZeroMQ address. */
export function specRefusal(attempt: {
  readonly door: string;
  readonly spec: string;
  readonly setting: string;
  readonly code: string;
  readonly message: string;
}): string {
  const { door, spec, setting, code, message } = attempt;
  const isForbiddenFile = code === 'EACCES' && spec.startsWith('ipc://');
  const reason = isForbiddenFile ? 'no permission to make this file' : (reasons[code] ?? message);
  return `The ${door} door cannot open at ${spec}: ${reason} (${code}). Set ${setting} to another address, or stop what is there.`;
}

/** The system's reason in words. */
export function reasonOf(code: string): string {
  return reasons[code] ?? code;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission to use this port',
  EADDRINUSE: 'the port is in use already',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host name is known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EMFILE: 'too many files are open',
};

function wayOut({ code, port, portSetting, hostSetting }: DoorAttempt): string {
  switch (code) {
    case 'EACCES':
      return `Ports below 1024 need a privilege (CAP_NET_BIND_SERVICE): grant it, or set ${portSetting} to a port above, or to 0 for any.`;
    case 'EADDRINUSE':
      return `Stop what listens on port ${port}, or set ${portSetting} to another port, or to 0 for any.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `Set ${hostSetting} to an address of this machine.`;
    case 'EMFILE':
      return 'Raise the limit of open files (ulimit -n).';
    default:
      return `Set ${portSetting} or ${hostSetting} to another address.`;
  }
}
