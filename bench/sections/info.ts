import { load } from "../client/load.ts";
import { requestText } from "../client/request-text.ts";
import { WORKLOAD_IMAGES } from "../fleet/workload.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { nodeStates, type Info } from "../harness/manager-process.ts";
import { withStand, type Stand } from "../harness/stand.ts";
import type { Section } from "./types.ts";

/** Every engine has a bridge, the host's network and none. */
const NETWORKS_EACH = 3;

interface Question {
  readonly path: string;
  readonly target?: number;
  /** @throws WrongAnswerError */
  readonly check: (answer: unknown, stand: Stand) => void;
}

const QUESTIONS: readonly Question[] = [
  {
    path: "/info",
    target: 5,
    check: (answer, { fleet, containers }) => {
      const info = answer as Info;
      const healthy = nodeStates(info).Healthy ?? 0;
      expectThat(healthy === fleet.engines.length, `${healthy} of ${fleet.engines.length} nodes are healthy`);
      expectThat(info.Containers === containers, `${info.Containers} containers, there are ${containers}`);
    },
  },
  {
    path: "/networks",
    target: 5,
    check: (answer, { fleet }) => {
      const found = (answer as unknown[]).length;
      expectThat(found === fleet.engines.length * NETWORKS_EACH, `${found} networks`);
    },
  },
  {
    path: "/images/json",
    check: (answer) => {
      const tags = new Set((answer as { RepoTags: readonly string[] }[]).flatMap(({ RepoTags }) => RepoTags));
      const wanted = WORKLOAD_IMAGES.map((image) => (image.includes(":") ? image : `${image}:latest`));
      expectThat(
        wanted.every((tag) => tags.has(tag)) && tags.size === wanted.length,
        `images ${[...tags].join(", ")}`,
      );
    },
  },
  {
    path: "/volumes",
    check: (answer) => {
      const { Volumes } = answer as { Volumes: unknown[] | null };
      expectThat((Volumes ?? []).length === 0, `${Volumes?.length ?? 0} volumes, there are none`);
    },
  },
];

/** What one asks of a cluster as a whole. */
export const infoSection: Section = {
  name: "info",
  about: "/info, /networks, /images/json, /volumes",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      for (const question of QUESTIONS) {
        await findings.step(question.path, () => measure(stand, question));
      }
    }),
};

async function measure(stand: Stand, { path, target, check }: Question): Promise<readonly Figure[]> {
  const { manager, options } = stand;
  const body = await manager.get(path);
  check(JSON.parse(body.toString()), stand);
  const { latencies } = await load(
    { addr: manager.addr, clients: 1, operations: scaled(200, options, 5), seconds: 10 },
    async (connection) => {
      const { status } = await connection.send(requestText("GET", path));
      expectThat(status === 200, `status ${status}`);
    },
  );
  check(JSON.parse((await manager.get(path)).toString()), stand);
  return [
    {
      ...{ what: `${path}, p50`, value: latencies.p50, unit: "ms", better: "lower" },
      ...(target !== undefined && { target }),
    },
    { what: `${path}, p99`, value: latencies.p99, unit: "ms", better: "lower" },
    { what: `${path}, size`, value: body.length / 1e3, unit: "kB" },
  ];
}
