import { expect } from "chai";
import { maskUserInfo } from "../../src/api/mask-user-info.ts";
import { startManager } from "./support.ts";

describe("api/mask-user-info", () => {
  // prettier-ignore
  const cases = [
    { proxy: "",                               is: "" },
    { proxy: "http://proxy:3128",              is: "http://proxy:3128" },
    { proxy: "proxy:3128",                     is: "proxy:3128" },
    { proxy: "http://me:secret@proxy:3128/",   is: "http://xxxxx:xxxxx@proxy:3128/" },
    { proxy: "https://me@proxy",               is: "https://xxxxx:xxxxx@proxy" },
    { proxy: "me:secret@proxy:3128",           is: "xxxxx:xxxxx@proxy:3128" },
    { proxy: "socks5h://me:s/e?c#r@e@t@proxy", is: "socks5h://xxxxx:xxxxx@proxy" },
    { proxy: "me://secret@proxy",              is: "me://xxxxx:xxxxx@proxy" },
  ];
  for (const { proxy, is } of cases) {
    it(`shows "${proxy}" as "${is}"`, () => {
      expect(maskUserInfo(proxy)).to.equal(is);
    });
  }

  it("hides passwords from docker info", async () => {
    const { http_proxy, https_proxy } = process.env;
    Object.assign(process.env, { http_proxy: "http://a:secret@p:1", https_proxy: "http://b:secret@q:2" });
    try {
      await using manager = await startManager({ engines: [] });
      const answer = await manager.ask("GET", "/info");
      expect(answer.text).to.not.include("secret");
      expect(answer.fields()).to.include({ HttpProxy: "http://xxxxx:xxxxx@p:1" });
    } finally {
      if (http_proxy === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = http_proxy;
      if (https_proxy === undefined) delete process.env.https_proxy;
      else process.env.https_proxy = https_proxy;
    }
  });
});
