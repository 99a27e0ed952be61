import { expect } from "chai";
import { memoryText, parseMemory, parsePort, portText } from "../../src/simulate/file/quantities.ts";
import { seeded } from "../support/seeded.ts";

describe("simulate/file/quantities", () => {
  // prettier-ignore
  const amounts = [
    { text: "1073741824", bytes: 1024 ** 3 },
    { text: "512m",       bytes: 512 * 1024 ** 2 },
    { text: "64GiB",      bytes: 64 * 1024 ** 3 },
    { text: "64GB",       bytes: 64 * 1024 ** 3 },
    { text: "1.5 GiB",    bytes: 1.5 * 1024 ** 3 },
    { text: "100b",       bytes: 100 },
    { text: "2T",         bytes: 2 * 1024 ** 4 },
  ];
  for (const { text, bytes } of amounts) {
    it(`reads ${text} as ${bytes} bytes`, () => expect(parseMemory(text)).to.equal(bytes));
  }

  for (const text of ["", "x", "-1m", "1,5g", "1e9", "99999999999t", "m", "1 2"]) {
    it(`takes "${text}" for no amount`, () => expect(parseMemory(text)).to.equal(undefined));
  }

  it("writes amounts so that they are read again exactly", () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const bytes =
        Math.floor(random() * 1_000) * 1024 ** Math.floor(random() * 5) + Math.floor(random() * 2);
      expect(parseMemory(memoryText(bytes)), memoryText(bytes)).to.equal(bytes);
    }
    expect([memoryText(512 * 1024 ** 2), memoryText(1000)]).to.deep.equal(["512MiB", "1000"]);
  });

  // prettier-ignore
  const ports = [
    { text: "80",                   is: ["", "", "80/tcp"] },
    { text: "8080:80",              is: ["", "8080", "80/tcp"] },
    { text: "53:53/udp",            is: ["", "53", "53/udp"] },
    { text: "127.0.0.1:8080:80",    is: ["127.0.0.1", "8080", "80/tcp"] },
    { text: "127.0.0.1::80",        is: ["127.0.0.1", "", "80/tcp"] },
    { text: "[::1]:8080:80/sctp",   is: ["::1", "8080", "80/sctp"] },
    { text: "8000-8010:80",         is: ["", "8000-8010", "80/tcp"] },
  ];
  for (const { text, is } of ports) {
    it(`reads and writes the port ${text}`, () => {
      const port = parsePort(text);
      expect([port?.hostIp, port?.hostPort, port?.containerPort]).to.deep.equal(is);
      expect(portText(port!)).to.equal(text);
    });
  }

  for (const text of ["", "x", "0:80", "80:0", "70000:80", "8010-8000:80", "80/ip", "1:2:3:4", "a:80"]) {
    it(`takes "${text}" for no port`, () => expect(parsePort(text)).to.equal(undefined));
  }
});
