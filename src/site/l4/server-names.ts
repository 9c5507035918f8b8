// Which service has a TLS connection, by the name of the server that its client asks for. As with routes of layer 7, a whole name counts
// before `*.`, which stands for any number of labels, and the longer one of two that fit.

export class ServerNames<T> {
  readonly #byName: ReadonlyMap<string, T>;
  readonly #otherwise: T | null;

  /** Names are lower case; `otherwise` is for all others, and for those that name nothing. */
  constructor(byName: ReadonlyMap<string, T>, otherwise: T | null) {
    this.#byName = byName;
    this.#otherwise = otherwise;
  }

  /** Null = nobody has it. */
  of(serverName: string | null): T | null {
    if (serverName === null) return this.#otherwise;
    const known = this.#byName.get(serverName);
    if (known !== undefined) return known;
    for (let dot = serverName.indexOf('.'); dot >= 0; dot = serverName.indexOf('.', dot + 1)) {
      const wild = this.#byName.get(`*${serverName.slice(dot)}`);
      if (wild !== undefined) return wild;
    }
    return this.#otherwise;
  }
}
