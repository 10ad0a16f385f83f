const NONE = -1;

/** What is due when: one event at most for each of many numbered actors, in ticks. Adding and removing cost the same. */
export class Calendar {
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #tickOf: Int32Array;

  constructor(actors: number, ticks: number) {
    this.#first = new Int32Array(ticks).fill(NONE);
    this.#next = new Int32Array(actors).fill(NONE);
    this.#previous = new Int32Array(actors).fill(NONE);
    this.#tickOf = new Int32Array(actors).fill(NONE);
  }

  /** Sets the actor's event; what comes after the end is left out. */
  set(actor: number, tick: number): void {
    this.remove(actor);
    if (tick >= this.#first.length) return;
    const follower = this.#first[tick]!;
    this.#first[tick] = actor;
    this.#next[actor] = follower;
    this.#previous[actor] = NONE;
    this.#tickOf[actor] = tick;
    if (follower !== NONE) this.#previous[follower] = actor;
  }

  remove(actor: number): void {
    const tick = this.#tickOf[actor]!;
    if (tick === NONE) return;
    const [before, after] = [this.#previous[actor]!, this.#next[actor]!];
    if (before === NONE) this.#first[tick] = after;
    else this.#next[before] = after;
    if (after !== NONE) this.#previous[after] = before;
    this.#tickOf[actor] = NONE;
  }

  /** The next actor whose event is due in this tick, its event removed; `undefined` where there is none. */
  take(tick: number): number | undefined {
    const actor = this.#first[tick]!;
    if (actor === NONE) return undefined;
    this.remove(actor);
    return actor;
  }
}
