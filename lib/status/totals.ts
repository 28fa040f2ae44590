/** Counts of actors that can crash. The counts of earlier incarnations are not lost. */

/** Numbers, in arrays and records of any depth. */
export type Counts = number | readonly Counts[] | { readonly [name: string]: Counts };

/** Adds each number of both; a number that only one of them has stays unchanged. */
export function added<C>(a: C, b: C): C {
  return sum(a as Counts, b as Counts) as C;
}

function sum(a: Counts | undefined, b: Counts | undefined): Counts {
  if (a === undefined || b === undefined) return a ?? b ?? 0;
  if (typeof a === 'number' || typeof b === 'number') return Number(a) + Number(b);
  if (isList(a) && isList(b)) return a.map((one, index) => sum(one, b[index]));
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  const names = new Set([...left.keys(), ...right.keys()]);
  return Object.fromEntries([...names].map(name => [name, sum(left.get(name), right.get(name))]));
}

function isList(counts: Counts): counts is readonly Counts[] {
  return Array.isArray(counts);
}

/** The counts of one actor, over all its incarnations. */
export class Total<C> {
  #earlier: C | undefined;
  #latest: C | undefined;
  #incarnation = 0;

  /** @param incarnation changes each time that the actor is started again */
  update(counts: C, incarnation: number): void {
    if (incarnation !== this.#incarnation) {
      this.#earlier = this.value;
      this.#latest = undefined;
      this.#incarnation = incarnation;
    }
    this.#latest = counts;
  }

  /** Undefined before the first update. */
  get value(): C | undefined {
    if (this.#earlier === undefined || this.#latest === undefined) return this.#latest ?? this.#earlier;
    return added(this.#earlier, this.#latest);
  }
}
