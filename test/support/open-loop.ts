// HTTP requests at a fixed rate, whether or not answers come (an open loop): a server that stands still meets all that would have come,
// where clients that wait for their answers would spare it.

import { Agent, request } from 'node:http';
import { PATIENCE_MS } from './patience.ts';

const TICK_MS = 10;
/** One request in so many changes something, so that nobody may send it twice (RFC 9110 section 9.2.2). */
const POST_EVERY = 10;
/** Beyond it requests wait: the test is not to break its own machine. */
const MOST_UNDER_WAY = 500;

interface Failure {
  readonly method: 'GET' | 'POST';
  readonly how: string;
}

export interface LoopTally {
  answered: number;
  readonly failed: Failure[];
  mostUnderWay: number;
}

export class OpenLoop {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timer: NodeJS.Timeout;
  readonly #tally: LoopTally = { answered: 0, failed: [], mostUnderWay: 0 };
  #sent = 0;
  #underWay = 0;

  constructor(port: number, perSecond: number) {
    this.#port = port;
    const startedMs = performance.now();
    let left = 0; // what did not fit is not made up for
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1000) - left;
      for (let i = this.#sent; i < due; i++) {
        if (this.#underWay < MOST_UNDER_WAY) this.#send();
        else left++;
      }
    }, TICK_MS);
  }

  /** Resolves when so many more are answered, or one has failed. */
  async more(answers: number): Promise<void> {
    const wanted = this.#tally.answered + answers;
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.#tally.answered < wanted && performance.now() < deadlineMs) await pause();
  }

  /** Lets those under way have their answers. */
  async stop(): Promise<LoopTally> {
    clearInterval(this.#timer);
    while (this.#underWay > 0) await pause();
    this.#agent.destroy();
    return this.#tally;
  }

  #send(): void {
    const method = ++this.#sent % POST_EVERY === 0 ? 'POST' : 'GET';
    const tally = this.#tally;
    tally.mostUnderWay = Math.max(tally.mostUnderWay, ++this.#underWay);
    let isOver = false;
    const end = (how: string): void => {
      if (isOver) return;
      isOver = true;
      this.#underWay--;
      if (how === 'status 200') tally.answered++;
      else tally.failed.push({ method, how });
    };
    const sent = request({ host: '127.0.0.1', port: this.#port, path: '/', method, agent: this.#agent, timeout: PATIENCE_MS });
    sent.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    sent.on('timeout', () => sent.destroy());
    sent.on('response', (response) => {
      response.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      response.on('end', () => end(`status ${response.statusCode}`));
      response.resume();
    });
    sent.end(method === 'POST' ? 'one more' : undefined);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TICK_MS));
