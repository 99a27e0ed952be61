import { expect } from "chai";
import { messages } from "../../src/telemetry/messages.ts";

describe("telemetry/messages", () => {
  // prettier-ignore
  const pinned = [
    { text: messages.listening,                          is: "Listening for HTTP" },
    { text: messages.registeredEngine("n1", "a:1"),      is: "Registered Engine n1 at a:1" },
    { text: messages.removedEngine("n1"),                is: "Removed Engine n1" },
    { text: messages.engineUnhealthy(3),                 is: "Flagging engine as unhealthy. Connect failed 3 times" },
    { text: messages.engineBack(4),                      is: "Engine came back to life after 4 retries. Hooray!" },
    { text: messages.eventStreamBroken,                  is: "error monitoring events, will restart" },
    { text: messages.updateSpecsFailed("EOF"),           is: "Update engine specs failed: EOF" },
    { text: messages.duplicateId("I", "a:1", "b:2"),     is: "ID duplicated. I shared by a:1 and b:2" },
    { text: messages.unsynchronizedClock("I", "a:1"),    is: "Engine (ID: I, Addr: a:1) has unsynchronized systime with swarm, please synchronize it." },
    { text: messages.discoveryError("x"),                is: "Discovery error: x" },
    { text: messages.discoveryAdd("a:1"),                is: "Discovery: add engine a:1" },
    { text: messages.discoveryRemove("a:1"),             is: "Discovery: remove engine a:1" },
    { text: messages.pendingNodeInvalid("x"),            is: "Failed to validate pending node: x" },
    { text: messages.createFailed,                       is: "Failed to create container" },
    { text: messages.createRetried("x"),                 is: "Failed to create container: x, retrying" },
    { text: messages.httpError("x"),                     is: "HTTP error: x" },
    { text: messages.httpRequest,                        is: "HTTP request received" },
    { text: messages.proxyRequest,                       is: "Proxy request" },
    { text: messages.proxyHijack,                        is: "Proxy hijack request" },
    { text: messages.engineUpdated,                      is: "Engine update succeeded" },
    { text: messages.discoveryWithoutTls,                is: "Initializing discovery without TLS" },
    { text: messages.discoveryWatch(3),                  is: "Watch triggered with 3 nodes" },
    { text: messages.discoveryWithTls,                   is: "Initializing discovery with TLS" },
    { text: messages.registering("1m0s"),                is: "Registering on the discovery service every 1m0s..." },
    { text: messages.randomDelay("1.5s"),                is: "Add a random delay 1.5s to avoid synchronized registration" },
  ];
  for (const c of pinned) {
    it(`keeps "${c.is}"`, () => {
      expect(c.text).to.equal(c.is);
    });
  }
});
