// When the certificates end that this process presents: of the admin API, of the listeners of its sites, and to Redis. Read from the
// files, now and then: a file that was replaced is good news at the next look.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Snapshot } from '../../model/snapshot.ts';

export interface CertificateEnd {
  /** What it is for: `admin`, `mesh`, `SITE/LISTENER`. */
  readonly use: string;
  /** Milliseconds since 1970; 0 = its file cannot be read. */
  readonly endsMs: number;
}

interface Used {
  readonly use: string;
  readonly file: string;
}

type Settings = Pick<Snapshot, 'admin' | 'mesh' | 'site'>;

/** `sites`: of those whose agents are part of this process. */
export function certificatesOf({ admin, mesh, site }: Settings, sites: readonly string[]): readonly Used[] {
  const used: Used[] = [];
  if (admin.listen.length > 0 && admin.tls !== null) used.push({ use: 'admin', file: admin.tls.certificateFile });
  const own = mesh.kind === 'redis' ? (mesh.tls?.certificateFile ?? null) : null;
  if (own !== null) used.push({ use: 'mesh', file: own });
  for (const agent of site.filter((one) => sites.includes(one.site))) {
    for (const listener of agent.listeners) {
      const certificates = listener.kind === 'http' ? (listener.front.tls?.certificates ?? []) : [];
      for (const { certificateFile } of certificates) used.push({ use: `${agent.site}/${listener.id}`, file: certificateFile });
    }
  }
  return used;
}

/** Of each use the certificate that ends first. */
export async function certificateEnds(used: readonly Used[]): Promise<readonly CertificateEnd[]> {
  const first = new Map<string, number>();
  for (const { use, file } of used) {
    const endsMs = await endOf(file);
    first.set(use, Math.min(first.get(use) ?? Number.POSITIVE_INFINITY, endsMs));
  }
  return Array.from(first, ([use, endsMs]) => ({ use, endsMs }));
}

async function endOf(file: string): Promise<number> {
  try {
    return Date.parse(new X509Certificate(await readFile(file)).validTo);
  } catch {
    return 0;
  }
}
