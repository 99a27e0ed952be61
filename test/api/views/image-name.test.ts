import { expect } from "chai";
import { nameProblem, tagProblem } from "../../../src/api/views/image-name.ts";

describe("api/views/image-name", () => {
  const digest = `sha256:${"d".repeat(64)}`;
  const good = [
    ...["busybox", "busybox:1", "busybox:latest", "me/app", "a/b/c/d", "a.b/c_d/e__f/g-h/i--j"],
    ...[
      "localhost/app",
      "localhost:5000/app",
      "reg.io/app",
      "REG/app",
      "[::1]:5000/app",
      "10.0.0.1:5000/bb:1",
    ],
    ...[`busybox@${digest}`, `reg.io:5000/app:v1.2_3-x@${digest}`],
    ...["a".repeat(63), `${"a".repeat(64)}:1`, `busybox:${"t".repeat(128)}`],
  ];
  for (const text of good) {
    it(`has nothing against ${text.slice(0, 60)}`, () => expect(nameProblem(text)).to.equal(undefined));
  }

  const malformed = "invalid reference format";
  // prettier-ignore
  const bad: readonly { readonly text: string; readonly says: string }[] = [
    { text: "",                          says: malformed },
    { text: "BAD",                       says: `${malformed}: repository name must be lowercase` },
    { text: "reg.io:5000/Bad:1",         says: `${malformed}: repository name must be lowercase` },
    { text: "a".repeat(64),              says: `invalid repository name (${"a".repeat(64)}), cannot specify 64-byte hexadecimal strings` },
    { text: "-a",                        says: malformed },
    { text: "a-",                        says: malformed },
    { text: "a..b",                      says: malformed },
    { text: "a___b",                     says: malformed },
    { text: "a//b",                      says: malformed },
    { text: "/a",                        says: malformed },
    { text: "a/",                        says: malformed },
    { text: "a b",                       says: malformed },
    { text: "a:b c",                     says: malformed },
    { text: "a:",                        says: malformed },
    { text: `a:${"t".repeat(129)}`,      says: malformed },
    { text: "a:1:2",                     says: malformed },
    { text: "a@sha256:12",               says: malformed },
    { text: "a@b@c",                     says: malformed },
    { text: "re g.io/a",                 says: malformed },
    { text: "reg.io:x/a",                says: malformed },
    { text: "a/../b",                    says: malformed },
    { text: "a\nb",                      says: malformed },
    { text: `x/${"a".repeat(254)}`,      says: "repository name must not be more than 255 characters" },
    { text: `reg.io/${"a".repeat(249)}`, says: "repository name must not be more than 255 characters" },
    { text: "A".repeat(1 << 20),         says: malformed },
  ];
  for (const { text, says } of bad) {
    it(`says "${says.slice(0, 50)}" of ${JSON.stringify(text.slice(0, 30))}`, () =>
      expect(nameProblem(text)).to.equal(says));
  }

  it("looks at long names for no longer than short ones", () => {
    const started = performance.now();
    for (const piece of ["A", "a-", "a.", ".", "a/", "_", ":"]) nameProblem(piece.repeat(500));
    expect(performance.now() - started).to.be.lessThan(500);
  });

  // prettier-ignore
  const tags: readonly { readonly repo: string; readonly tag: string; readonly says: string | undefined }[] = [
    { repo: "foo",            tag: "",     says: undefined },
    { repo: "foo",            tag: "bar",  says: undefined },
    { repo: "foo:1",          tag: "2",    says: undefined },
    { repo: "BAD",            tag: "bar",  says: `Error parsing reference: "BAD:bar" is not a valid repository/tag: ${malformed}: repository name must be lowercase` },
    { repo: "foo",            tag: "b d",  says: `Error parsing reference: "foo:b d" is not a valid repository/tag: invalid tag format` },
    { repo: "",               tag: "",     says: `Error parsing reference: "" is not a valid repository/tag: ${malformed}` },
    { repo: `foo@${digest}`,  tag: "",     says: `Error parsing reference: "foo@${digest}" is not a valid repository/tag: refusing to create a tag with a digest reference` },
  ];
  for (const { repo, tag, says } of tags) {
    it(`${says === undefined ? "lets" : "does not let"} an image be called ${repo.slice(0, 10)} with tag "${tag}"`, () =>
      expect(tagProblem(repo, tag)).to.equal(says));
  }
});
