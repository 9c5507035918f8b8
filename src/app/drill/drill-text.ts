// The steps of a drill in words, as `--dry-run` prints them.

import { seconds } from '../../drill/logbook.ts';
import type { Drill, Expectation, World } from '../../drill/model.ts';

export interface StepText {
  readonly does: string;
  readonly expects: readonly string[];
  /** If something ends the drill here; null = the step undoes something itself. */
  readonly undoneBy: string | null;
}

export const drillSteps = (drill: Drill, world: World): readonly StepText[] =>
  drill.steps.map(({ make, undo, expect }) => {
    const { does, undoes } = world.faults[(make ?? undo)!]!;
    const expects = expect.map((expectation) => expectationText(expectation, world));
    return make === undefined ? { does: undoes, expects, undoneBy: null } : { does, expects, undoneBy: undoes };
  });

function expectationText(expectation: Expectation, { subject, limitsMs, steadyMs }: World): string {
  const site = subject.site ?? 'that site';
  const by =
    'by' in expectation
      ? { all: 'every server', own: subject.server, others: `every server but ${subject.server}` }[expectation.by]
      : '';
  const within = 'within' in expectation ? ` within ${seconds(limitsMs[expectation.within])}` : '';
  switch (expectation.what) {
    case 'away':
      return `${by} sends clients of ${site} elsewhere${within}`;
    case 'home':
      return `${by} sends all of them home again${within}`;
    case 'steady':
      return expectation.state === 'home'
        ? `no answer of ${by} changes, for ${seconds(steadyMs)}`
        : `no answer of ${by} names ${site}, and nobody else is moved, for ${seconds(steadyMs)}`;
    case 'answering':
      return `${subject.server} answers again${within}`;
    case 'joined':
      return `every server shares the mesh and sees all members up${within}`;
    case 'refused':
      return 'every server refuses the change and says where it is wrong';
    case 'replaced':
      return 'another process serves in the place of every server, and no query is lost meanwhile';
    case 'served':
      return `no request of clients to ${site} fails`;
    case 'relieved':
      return `${site} is at its target again${within}, not far below it either, and no other site is over its own`;
  }
}
