// Those who listen to events.

/** How many listen, at all addresses of the process together. */
export interface Listeners {
  count: number;
}
