// A server with the admin API, and requests to it.

import { demoDirectory, editConfig, type RunningServer, startServer } from './server.ts';

export interface AdminClient {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: object): Promise<{ readonly status: number; readonly body: T }>;
}

/** A directory as demoDirectory makes it, with the API on a free port of loopback. */
export function adminDirectory(sitePorts?: Parameters<typeof demoDirectory>[0]): string {
  const directory = demoDirectory(sitePorts);
  // Another address than that of DNS, whose port 0 startServer fills in.
  editConfig(directory, [/^zones:\n/m, 'admin:\n  listen: ["127.0.0.2:0"]\nzones:\n']);
  return directory;
}

/** Starts a server on it and waits until the API listens. */
export async function startAdmin(
  directory: string,
  args: readonly string[] = [],
  wrapper: readonly string[] = [],
): Promise<{ server: RunningServer; api: AdminClient }> {
  const server = await startServer(directory, { args, wrapper });
  const { endpoints } = await server.logged('admin API listening');
  const { port } = (endpoints as { port: number }[])[0]!;
  return { server, api: clientOf(`http://127.0.0.2:${port}`) };
}

export const clientOf = (url: string, sent: Readonly<Record<string, string>> = {}): AdminClient => ({
  url,
  get: async <T>(path: string) => (await (await fetch(`${url}${path}`, { headers: sent })).json()) as T,
  post: async <T>(path: string, body: object) => {
    const headers = { ...sent, 'content-type': 'application/json' };
    const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: reply.status, body: (await reply.json()) as T };
  },
});
