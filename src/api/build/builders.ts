/** Which node builds for which client (spec: api.md §10.4). */
export class Builders {
  /** How many clients have a node of their own. */
  readonly size = 0;
}
