// Files that a section names and others read: made absolute, and complained about if they are not there.

import { dirname, resolve } from 'node:path';
import type { Problem } from '../base/errors.ts';
import { missingFile } from './files.ts';
import type { Path, YamlSource } from './yaml.ts';

/** Room in sockaddr_un.sun_path on Linux, without the final zero. */
export const MAX_SOCKET_PATH = 107;

interface TlsFiles {
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

export class FileNames {
  readonly problems: Problem[] = [];
  readonly #source: YamlSource;
  readonly #base: string;

  constructor(source: YamlSource) {
    this.#source = source;
    this.#base = dirname(resolve(source.file));
  }

  absolute(path: Path, file: string | null): string | null {
    if (file === null) return null;
    const absolute = resolve(this.#base, file);
    this.problems.push(...missingFile(this.#source, path, absolute));
    return absolute;
  }

  tls(path: Path, { caFile, certificateFile, keyFile }: TlsFiles): TlsFiles {
    return {
      caFile: this.absolute([...path, 'caFile'], caFile),
      certificateFile: this.absolute([...path, 'certificateFile'], certificateFile),
      keyFile: this.absolute([...path, 'keyFile'], keyFile),
    };
  }
}
