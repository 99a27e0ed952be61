import { startZooKeeperCluster } from "../../../lab/stores/zookeeper.ts";
import { outlivesItsMembers } from "./members.ts";

describe("store/zookeeper of three servers", () => outlivesItsMembers("zk", startZooKeeperCluster));
