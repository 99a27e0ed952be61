import { expect } from "chai";
import { newsOf, saysState } from "../../src/cluster/listed-status.ts";
import { inspected, summarised } from "./builders.ts";

describe("cluster/listed-status", () => {
  // prettier-ignore
  const statuses = [
    { status: "Up 3 minutes",                      news: "" },
    { status: "Up 3 minutes (healthy)",            news: "(healthy)" },
    { status: "Up 3 seconds (health: starting)",   news: "(health: starting)" },
    { status: "Exited (137) 2 hours ago",          news: "(137)" },
    { status: "Up 2 hours (Paused",                news: "" },
    { status: "",                                  news: "" },
  ];
  for (const { status, news } of statuses) {
    it(`tells "${news}" in "${status}" from the time`, () => expect(newsOf(status)).to.equal(news));
  }

  // prettier-ignore
  const states = [
    { state: {},                                       says: { State: "running", Status: "Up 3 minutes" },             same: true },
    { state: {},                                       says: { State: "running", Status: "Up 3 minutes (healthy)" },   same: false },
    { state: { Health: { Status: "healthy" } },        says: { State: "running", Status: "Up 3 minutes (healthy)" },   same: true },
    { state: { Health: { Status: "none" } },           says: { State: "running", Status: "Up 3 minutes" },             same: true },
    { state: { Health: { Status: "starting" } },       says: { State: "running", Status: "Up 1 second (health: starting)" }, same: true },
    { state: { Status: "paused", Paused: true },       says: { State: "paused", Status: "Up 1 second (Paused)" },      same: true },
    { state: { Status: "exited", ExitCode: 3 },        says: { State: "exited", Status: "Exited (3) 1 second ago" },   same: true },
    { state: { Status: "exited", ExitCode: 3 },        says: { State: "exited", Status: "Exited (0) 1 second ago" },   same: false },
    { state: { Status: "created" },                    says: { State: "running", Status: "Up 1 second" },              same: false },
  ];
  for (const { state, says, same } of states) {
    it(`takes "${says.Status}" for ${same ? "what is known" : "news"} of ${JSON.stringify(state)}`, () => {
      expect(saysState(inspected({ state }).State, { ...summarised(), ...says })).to.equal(same);
    });
  }
});
