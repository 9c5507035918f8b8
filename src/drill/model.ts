// What a drill is: a fault that is made and undone on purpose, and what must hold meanwhile. A script (scripts/) says this in a few
// lines; a world (app/drill) knows how each fault is made in it: on processes of its own, in docker-compose, or by an operator.
// Invariant: whatever becomes of a drill, a world is asked to undo every fault that it has made, in reverse order.

/** Everything that can be broken on purpose. */
export type FaultName =
  | 'site-stops'
  | 'site-slows'
  | 'web-server-stops'
  | 'certificate-wrong'
  | 'region-cut'
  | 'redis-stops'
  | 'redis-master-stops'
  | 'dns-server-stops'
  | 'servers-restart'
  | 'servers-upgrade'
  | 'zone-breaks'
  | 'crowd-comes';

/** How long something may take; each world has its own figures (docs/drills.md). */
export type LimitName = 'refused' | 'silent' | 'home' | 'answering' | 'joined' | 'relieved';

/** Servers that an expectation speaks of: all that should serve, only that of the subject's region, or all but that one. */
export type Scope = 'all' | 'own' | 'others';

/** What must come true after a step, or hold for a while. */
export type Expectation =
  /** The clients of the site are answered with other sites. */
  | { readonly what: 'away'; readonly by: Scope; readonly within: LimitName }
  /** They are answered with their own site again, all of them. */
  | { readonly what: 'home'; readonly by: Scope; readonly within: LimitName }
  /** No answer leaves the state that it should be in: everybody at home, or the clients of the site away and all others at home. */
  | { readonly what: 'steady'; readonly state: 'home' | 'away'; readonly by: Scope }
  /** The server of the subject's region answers. */
  | { readonly what: 'answering'; readonly within: LimitName }
  /** Every server shares the mesh again and sees all members up. */
  | { readonly what: 'joined'; readonly within: LimitName }
  /** The change was refused, with its place, by every server. */
  | { readonly what: 'refused' }
  /** Another process serves in the place of every server. */
  | { readonly what: 'replaced' }
  /** Requests of clients to the site were all answered. */
  | { readonly what: 'served' }
  /** The site is at its target again, and no site went over what it can bear since. */
  | { readonly what: 'relieved'; readonly within: LimitName };

/** Either makes a fault or undoes one, and says what is expected then. */
export interface Step {
  readonly make?: FaultName;
  readonly undo?: FaultName;
  readonly expect: readonly Expectation[];
}

export interface Drill {
  readonly name: string;
  /** One line, for `--list`. */
  readonly summary: string;
  readonly steps: readonly Step[];
}

/** One query of one client network to one server, and what became of it. */
export interface Answer {
  readonly server: string;
  readonly client: string;
  /** The site that the client was sent to, or the address where sites are not known; null = no reply, or one without an address. */
  readonly site: string | null;
  /** Why there is no site: `lost` = no reply in time, `empty` = a reply without an address. */
  readonly trouble: 'lost' | 'empty' | null;
  /** When the query was sent and when its reply came or was given up, performance.now(). */
  readonly sentMs: number;
  readonly atMs: number;
}

/** How a fault is made in a world, and how it is undone. */
export interface FaultWays {
  /** In words, for the timeline and `--dry-run`. */
  readonly does: string;
  readonly undoes: string;
  make(stage: Stage): Promise<void>;
  undo(stage: Stage): Promise<void>;
}

/** What a world may tell while it makes or undoes a fault. */
export interface Stage {
  /** A line of the timeline. */
  note(text: string): void;
  /** Times count from now on; unless it is called, from the end of `make` or `undo`. */
  inForce(): void;
  /** From now on the server need not answer, since it was taken away on purpose; and from now on it must again. */
  excuse(server: string): void;
  require(server: string): void;
  /** Fires when the drill is told to stop. */
  readonly signal: AbortSignal;
}

/** How full a site is, in the unit of its capacity. */
export interface SiteLoad {
  readonly site: string;
  readonly current: number;
  readonly target: number;
  readonly max: number;
}

/** Where a drill is played. What a world cannot tell or do is absent, and expectations of that kind are skipped in plain sight. */
export interface World {
  /** In words: which servers, whose. */
  readonly title: string;
  readonly servers: readonly string[];
  /** Networks that are asked for, and what to call them. */
  readonly clients: readonly { readonly network: string; readonly label: string }[];
  readonly name: string;
  /** The site that is hit, null = the home of the first client; and the server of its region. */
  readonly subject: { readonly site: string | null; readonly server: string };
  readonly limitsMs: Readonly<Record<LimitName, number>>;
  /** How long a state is watched that must not change. */
  readonly steadyMs: number;
  readonly faults: Readonly<Partial<Record<FaultName, FaultWays>>>;
  /** Brings the world up, if it is not there yet; throws a ProblemError of what is missing. */
  open(stage: Stage): Promise<void>;
  /** Asks every server for every client again and again until the returned function is called. */
  ask(take: (answer: Answer) => void): () => Promise<void>;
  /** Every server shares the mesh and sees every member up. */
  readonly isJoined?: () => Promise<boolean>;
  /** Requests of clients to the site so far, and those that failed. */
  readonly visits?: () => { readonly asked: number; readonly failed: number };
  readonly loads?: () => readonly SiteLoad[];
  /** What each server said of the change that was broken on purpose; a server that took it is not in the list. */
  readonly refusals?: () => ReadonlyMap<string, string>;
  /** Why the servers that were to be replaced, and were not, go on as they were. */
  readonly unreplaced?: () => ReadonlyMap<string, string>;
  close(): Promise<void>;
}
