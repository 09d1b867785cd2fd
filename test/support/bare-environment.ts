// What a process that a test starts finds in its environment: where programs are and what is compiled already, and
// nothing of the machine's own settings, which would be Hermod's. Refuses to know what is started.

/** Of each process that a test starts; what the test itself sets comes beside it. */
export const bareEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
};
