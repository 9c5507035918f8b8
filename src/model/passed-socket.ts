// Listening sockets that a process gets from its predecessor (app/process/takeover): whoever is to listen asks here first.

/** The descriptor of the TCP socket that listens there already, to be used and closed by who asks; undefined = open one. */
export type PassedSocket = (address: string, port: number) => number | undefined;

/** For a process without a predecessor. */
export const NOTHING_PASSED: PassedSocket = () => undefined;
