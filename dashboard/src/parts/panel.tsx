// A part of the page with a heading: a landmark that a screen reader can go to.

import type { ComponentChildren } from 'preact';

interface Props {
  readonly id: string;
  readonly title: string;
  /** Beside the heading: a count, a choice. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ id, title, aside, children }: Props) {
  return (
    <section class={`panel panel-${id}`} aria-labelledby={`${id}-title`} id={id}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
