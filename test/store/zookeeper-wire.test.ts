import { expect } from "chai";
import { FrameSplitter, WireReader, WireWriter } from "../../src/store/zookeeper-wire.ts";

describe("store/zookeeper-wire", () => {
  const frames = ["", "a", "some more"].map((text) => new WireWriter().text(text).frame());

  it("finds the frames however the bytes are cut", () => {
    const all = Buffer.concat(frames);
    for (let size = 1; size <= all.length; size++) {
      const splitter = new FrameSplitter(100);
      const found: string[] = [];
      for (let at = 0; at < all.length; at += size) {
        const chunk = all.subarray(at, at + size);
        found.push(...splitter.push(chunk).map((frame) => new WireReader(frame).text()));
      }
      expect(found, `chunks of ${String(size)}`).to.deep.equal(["", "a", "some more"]);
    }
  });

  it("refuses a frame that is longer than any of ZooKeeper's", () => {
    expect(() => new FrameSplitter(100).push(Buffer.from("HTTP/1.1 400 Bad Request"))).to.throw(
      "not ZooKeeper",
    );
  });

  it("refuses an answer that ends too early", () => {
    const long = new WireWriter().int(50).raw(Buffer.from("short")).body();
    expect(() => new WireReader(long).text()).to.throw(RangeError);
    expect(() => new WireReader(Buffer.alloc(3)).int()).to.throw(RangeError);
    expect(new WireReader(new WireWriter().int(-1).body()).text()).to.equal("");
  });
});
