// Certificates of a front: which one a client gets by the name it asks for (SNI, RFC 6066 section 3), and new ones when their files change.
// Files that cannot be used change nothing: the certificates in use stay.

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { HttpCertificate, HttpTls } from '../../model/site-http.ts';

/** How often files are looked at. */
const LOOK_INTERVAL_MS = 5000;

interface Loaded {
  /** Of the first certificate. */
  readonly fallback: SecureContext;
  readonly fallbackOptions: SecureContextOptions;
  /** By name, `*.` for wildcards; lower case. */
  readonly byName: ReadonlyMap<string, SecureContext>;
  /** What the files looked like. */
  readonly signature: string;
}

export class Certificates {
  /** Called when there are new ones. */
  onChange: () => void = () => {};
  #tls: HttpTls;
  #loaded: Loaded;
  #isLooking = false;
  readonly #report: (problem: Problem) => void;
  readonly #timer: NodeJS.Timeout;

  /** `report` gets what is wrong with files that have changed later. */
  static async open(tls: HttpTls, report: (problem: Problem) => void): Promise<Result<Certificates, readonly Problem[]>> {
    const loaded = await load(tls);
    return loaded.ok ? ok(new Certificates(tls, loaded.value, report)) : loaded;
  }

  private constructor(tls: HttpTls, loaded: Loaded, report: (problem: Problem) => void) {
    this.#tls = tls;
    this.#loaded = loaded;
    this.#report = report;
    this.#timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** For clients that name no host. */
  get fallback(): SecureContextOptions {
    return this.#loaded.fallbackOptions;
  }

  contextFor(name: string): SecureContext {
    const { byName, fallback } = this.#loaded;
    const lower = name.toLowerCase();
    const dot = lower.indexOf('.');
    return byName.get(lower) ?? (dot < 0 ? undefined : byName.get(`*${lower.slice(dot)}`)) ?? fallback;
  }

  /** Other files, or other rules for them. With an error nothing changes. */
  async replace(tls: HttpTls): Promise<readonly Problem[]> {
    const loaded = await load(tls);
    if (!loaded.ok) return loaded.error;
    this.#tls = tls;
    this.#loaded = loaded.value;
    this.onChange();
    return [];
  }

  /** Reads the files again if they have changed. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const tls = this.#tls;
    if ((await signatureOf(tls)) !== this.#loaded.signature) {
      const loaded = await load(tls);
      if (!loaded.ok) for (const problem of loaded.error) this.#report(problem);
      else if (tls === this.#tls) {
        this.#loaded = loaded.value;
        this.onChange();
      }
    }
    this.#isLooking = false;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

async function load(tls: HttpTls): Promise<Result<Loaded, readonly Problem[]>> {
  const problems: Problem[] = [];
  const byName = new Map<string, SecureContext>();
  let first: Pick<Loaded, 'fallback' | 'fallbackOptions'> | null = null;
  const signature = await signatureOf(tls);
  for (const certificate of tls.certificates) {
    try {
      const [cert, key] = await Promise.all([readFile(certificate.certificateFile), readFile(certificate.keyFile)]);
      const options = { cert, key, minVersion: tls.minVersion, honorCipherOrder: true };
      const context = createSecureContext(options);
      first ??= { fallback: context, fallbackOptions: options };
      for (const name of namesOf(new X509Certificate(cert))) if (!byName.has(name)) byName.set(name, context);
    } catch (error) {
      problems.push(problemOf(certificate, error));
    }
  }
  if (problems.length > 0) return err(problems);
  return ok({ ...first!, byName, signature });
}

function problemOf({ certificateFile, keyFile }: HttpCertificate, error: unknown): Problem {
  const message = `the certificate, with its key in ${keyFile}, cannot be used: ${(error as Error).message}`;
  return { severity: 'error', code: 'ERR_SITE_CERTIFICATE', message, file: certificateFile };
}

/** DNS names of a certificate (RFC 9525: those of the subject's common name count no more). */
const namesOf = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice(4).toLowerCase());

/** Changes when a file does; a file that is gone for a moment, between two steps of its replacement, counts as changed too. */
async function signatureOf(tls: HttpTls): Promise<string> {
  const files = tls.certificates.flatMap(({ certificateFile, keyFile }) => [certificateFile, keyFile]);
  const looks = files.map(async (file) => {
    try {
      const { mtimeMs, size, ino } = await stat(file);
      return `${mtimeMs} ${size} ${ino}`;
    } catch {
      return 'none';
    }
  });
  return (await Promise.all(looks)).join();
}
