// The sign of a state: a shape for each, coloured by its tone. The words stand beside it, so readers of the page skip the picture.

import type { JSX } from 'preact';
import type { Sign as SignName, Tone } from '../state.ts';

const SHAPES: Readonly<Record<SignName, JSX.Element>> = {
  up: <circle cx="8" cy="8" r="5.5" class="fill" />,
  partly: (
    <>
      <circle cx="8" cy="8" r="5.2" class="line" />
      <path d="M8 2.8a5.2 5.2 0 0 1 0 10.4z" class="fill" />
    </>
  ),
  down: (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="2" class="fill" />
      <path d="M5 5l6 6M11 5l-6 6" class="cut" />
    </>
  ),
  unknown: (
    <>
      <path d="M8 1.2l6.8 6.8L8 14.8 1.2 8z" class="line" />
      <path d="M6.4 6.4a1.7 1.7 0 1 1 2.2 1.7c-.5.2-.6.5-.6 1M8 10.9v.1" class="line" />
    </>
  ),
  unchecked: <circle cx="8" cy="8" r="5.2" class="line dashed" />,
  moving: (
    <>
      <circle cx="8" cy="8" r="5.8" class="line" />
      <path d="M8 8V3.6A4.4 4.4 0 0 1 12.4 8z" class="fill" />
    </>
  ),
  out: (
    <>
      <circle cx="8" cy="8" r="5.8" class="line" />
      <path d="M6.2 5.6v4.8M9.8 5.6v4.8" class="line" />
    </>
  ),
  'forced-up': <path d="M8 2l6 11H2z" class="fill" />,
  'forced-down': <path d="M8 14L2 3h12z" class="fill" />,
};

export function Sign({ sign, tone }: { readonly sign: SignName; readonly tone: Tone }) {
  return (
    <svg class={`sign tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true" data-sign={sign}>
      {SHAPES[sign]}
    </svg>
  );
}
