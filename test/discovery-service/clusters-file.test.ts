import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { readClusters, writeClusters } from "../../src/discovery-service/clusters-file.ts";
import { useFolder } from "./support.ts";

const head = (clusters: number) =>
  `{"format":"swarm-discovery-service","version":1,"clusters":${clusters}}\n`;
const token = "0123456789abcdef0123456789abcdef";
const line = `{"token":"${token}","emptySince":null,"entries":{"a:1":1000}}`;

async function textOfFailure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "no failure",
    (error: unknown) => (error as Error).message,
  );
}

describe("discovery-service/clusters-file", () => {
  const folder = useFolder();
  const file = () => path.join(folder(), "clusters.json");

  it("holds nothing when it is not there", async () => {
    expect(await readClusters(file())).to.deep.equal([]);
  });

  it("gives back what was written, and leaves no draft", async () => {
    await writeClusters(file(), [line]);
    expect(await readFile(file(), "utf8")).to.equal(`${head(1)}${line}\n`);
    expect(await readClusters(file())).to.deep.equal([{ token, emptySince: null, entries: { "a:1": 1000 } }]);
    await writeClusters(file(), []);
    expect(await readClusters(file())).to.deep.equal([]);
    expect(await readdir(folder())).to.deep.equal(["clusters.json"]);
  });

  it("shows tokens to nobody else: neither by a draft that lay there, nor through a link", async () => {
    const elsewhere = path.join(folder(), "elsewhere");
    for (const lies of [writeFile(`${file()}.draft`, "", { mode: 0o666 }), undefined]) {
      await (lies ?? symlink(elsewhere, `${file()}.draft`));
      await writeClusters(file(), [line]);
      expect((await stat(file())).mode & 0o777).to.equal(0o600);
      expect(await readdir(folder())).to.deep.equal(["clusters.json"]);
    }
  });

  // prettier-ignore
  const damages = [
    { it: "an empty file",        text: "",                                               says: "line 1" },
    { it: "zeros",                text: "\0".repeat(100),                                 says: "line 1" },
    { it: "another file",         text: '{"format":"x"}\n',                               says: "line 1: not a file of this service" },
    { it: "null",                 text: "null\n",                                         says: "line 1: not a file of this service" },
    { it: "a later version",      text: head(0).replace(":1", ":2"),                      says: "line 1: written by another version" },
    { it: "a missing cluster",    text: `${head(2)}${line}\n`,                            says: "2 whole lines announced, 1 found" },
    { it: "a cut line",           text: `${head(1)}${line.slice(0, -3)}`,                 says: "line 1: 1 whole lines announced, 0 found and a part" },
    { it: "text behind the end",  text: `${head(0)}garbage`,                              says: "line 1: 0 whole lines announced, 0 found and a part" },
    { it: "a broken line",        text: `${head(2)}${line}\n${line.slice(3)}\n`,          says: "line 3" },
    { it: "an odd token",         text: `${head(1)}${line.replace("0123", "01/3")}\n`,    says: "line 2: no token" },
    { it: "an odd address",       text: `${head(1)}${line.replace("a:1", "a")}\n`,        says: "line 2: address a: missing port" },
    { it: "an odd life",          text: `${head(1)}${line.replace("1000", "-1")}\n`,      says: "line 2: no life of a:1" },
    { it: "an odd date",          text: `${head(1)}${line.replace("null", '"x"')}\n`,     says: "line 2: no date" },
    { it: "no entries",           text: `${head(1)}${line.replace(/\{"a.*?\}/, "1")}\n`,  says: "line 2: no entries" },
  ];
  for (const c of damages) {
    it(`is refused, with the remedy: ${c.it}`, async () => {
      await writeFile(file(), c.text);
      const text = await textOfFailure(readClusters(file()));
      expect(text).to.include(`${file()} is damaged (`).and.include(c.says);
      expect(text).to.include("restore it from a backup, or move it away");
    });
  }

  it("names a file that cannot be read", async () => {
    expect(await textOfFailure(readClusters(folder()))).to.equal(
      `cannot read the clusters: read ${folder()}: is a directory`,
    );
  });
});
