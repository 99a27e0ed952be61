import { badRequest } from "../../errors.ts";
import type { Balance, PlanContainer, RebalancePlan } from "../../reschedule/rebalance/plan-types.ts";
import type { RebalanceStep } from "../../reschedule/rebalance/rebalancer.ts";
import { clientLeft, unlessLeft } from "../client-left.ts";
import { sendJson, type Exchange, type Route } from "../exchange.ts";
import { ProgressStream } from "../progress-stream.ts";
import type { Services } from "../services.ts";

const MAX_MOVES = { least: 1, most: 1_000, absent: 10 };
const PARALLEL = { least: 1, most: 16, absent: 1 };

/** `/cluster/rebalance` (docs/operator-api.md). */
export function rebalanceRoutes(services: Services): readonly Route[] {
  return [
    { method: "get", path: "/cluster/rebalance", handle: (exchange) => show(services, exchange) },
    { method: "post", path: "/cluster/rebalance", handle: (exchange) => make(services, exchange) },
  ];
}

async function show({ rebalancer }: Services, { res, query }: Exchange): Promise<void> {
  const left = clientLeft(res);
  const plan = await unlessLeft(left, rebalancer.plan(numberOf(query, "max", MAX_MOVES), left));
  sendJson(res, 200, planJson(rebalancer.strategy, plan));
}

async function make({ rebalancer }: Services, { res, query }: Exchange): Promise<void> {
  const order = { max: numberOf(query, "max", MAX_MOVES), parallel: numberOf(query, "parallel", PARALLEL) };
  const left = clientLeft(res);
  // The headers go with the first line: before it the rebalance may still be refused.
  let stream: ProgressStream | undefined;
  const { moved, stayed } = await unlessLeft(
    left,
    rebalancer.run({
      ...order,
      left,
      // A client that reads slowly must not keep containers from moving; there are only so many lines.
      report: (step) => void (stream ??= new ProgressStream(res)).line(line(step)),
    }),
  );
  await stream?.line({ Status: "done", Moved: moved, Stayed: stayed });
  stream?.end();
}

function line(step: RebalanceStep): object {
  switch (step.kind) {
    case "plan":
      return { Status: "plan", Moves: step.moves };
    case "moving":
    case "moved":
      return { Status: step.kind, Name: step.name, From: step.from, To: step.to };
    case "stays":
      return { Status: "stays", Name: step.name, Why: step.why };
  }
}

function planJson(strategy: string, { before, after, moves, stays }: RebalancePlan): object {
  return {
    Strategy: strategy,
    Before: balanceJson(before),
    After: balanceJson(after),
    Moves: moves.map(({ container, from, to }) => ({
      Name: nameOf(container),
      SwarmID: container.swarmId,
      From: from.name,
      To: to.name,
    })),
    Stays: stays.map(({ container, why }) => ({ Name: nameOf(container), ID: container.id, Why: why })),
  };
}

const balanceJson = ({ spread, nodes }: Balance): object => ({
  Spread: spread,
  Nodes: nodes.map(({ name, containers, score }) => ({ Name: name, Containers: containers, Score: score })),
});

const nameOf = ({ names, id }: PlanContainer): string => names[0] ?? id.slice(0, 12);

/** @throws ApiError 400 */
function numberOf(query: URLSearchParams, name: string, { least, most, absent }: typeof MAX_MOVES): number {
  const text = query.get(name);
  if (text === null || text === "") return absent;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw badRequest(
      `invalid ${name} ${JSON.stringify(text.slice(0, 32))}: a number from ${least} to ${most} is expected`,
    );
  return value;
}
