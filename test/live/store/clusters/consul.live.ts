import { startConsulCluster } from "../../../lab/stores/consul.ts";
import { outlivesItsMembers } from "./members.ts";

describe("store/consul of three servers", () => outlivesItsMembers("consul", startConsulCluster));
