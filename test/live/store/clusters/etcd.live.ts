import { startEtcdCluster } from "../../../lab/stores/etcd.ts";
import { outlivesItsMembers } from "./members.ts";

describe("store/etcd3 of three members", () => outlivesItsMembers("etcd", startEtcdCluster));
