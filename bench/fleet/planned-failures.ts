import { EngineRefusal } from "./exchange.ts";

interface PlannedFailure {
  readonly route: string;
  readonly status: number;
  readonly message: string;
}

/** Requests that are to be refused, whatever they ask. */
export class PlannedFailures {
  readonly #planned: PlannedFailure[] = [];

  /** @param route its name, `POST /containers/create` */
  add(route: string, status: number, message: string): void {
    this.#planned.push({ route, status, message });
  }

  /** @throws EngineRefusal when a failure was planned for this route; that one is used up then */
  check(route: string): void {
    const at = this.#planned.findIndex((failure) => failure.route === route);
    const [failure] = at < 0 ? [] : this.#planned.splice(at, 1);
    if (failure) throw new EngineRefusal(failure.status, failure.message);
  }
}
