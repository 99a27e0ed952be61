import { expect } from "chai";
import { callMessage, type CallMessage } from "../../src/docker/call-message.ts";

const HOST = "Host: n1:2375\r\nConnection: keep-alive\r\n";

describe("docker/call-message", () => {
  // prettier-ignore
  const cases: readonly { it: string; call: CallMessage; text: string }[] = [
    { it: "nothing but a question",     call: { method: "GET", path: "/info?a=b" },                 text: `GET /info?a=b HTTP/1.1\r\n${HOST}\r\n` },
    { it: "a removal",                  call: { method: "DELETE", path: "/x" },                     text: `DELETE /x HTTP/1.1\r\n${HOST}\r\n` },
    { it: "a change without a body",    call: { method: "POST", path: "/x", headers: {} },          text: `POST /x HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n` },
    { it: "a body",                     call: { method: "POST", path: "/x", body: { a: 1 } },       text: `POST /x HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}` },
    { it: "a body beyond ASCII",        call: { method: "POST", path: "/x", body: ["é", "€"] },     text: `POST /x HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 12\r\n\r\n["Ã©","â\x82¬"]` },
    { it: "headers",                    call: { method: "GET", path: "/x", headers: { "X-A": "b" } }, text: `GET /x HTTP/1.1\r\n${HOST}X-A: b\r\n\r\n` },
    { it: "another type",               call: { method: "POST", path: "/x", headers: { "Content-Type": "text/plain" }, body: [] }, text: `POST /x HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n[]` },
    { it: "bytes of a path as they are", call: { method: "POST", path: "/\xe9", body: ["é"] },      text: `POST /\xe9 HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 6\r\n\r\n["Ã©"]` },
  ];
  for (const { it: title, call, text } of cases) {
    it(`renders ${title}`, () => {
      const message = callMessage("n1:2375", call);
      expect(typeof message === "string" ? message : message.toString("latin1")).to.equal(text);
    });
  }

  // prettier-ignore
  const refused: readonly { it: string; call: CallMessage; code: string }[] = [
    { it: "a path with a line end",   call: { method: "GET", path: "/a\r\nX: y" },                          code: "ERR_UNESCAPED_CHARACTERS" },
    { it: "a path with a space",      call: { method: "GET", path: "/a b" },                                code: "ERR_UNESCAPED_CHARACTERS" },
    { it: "a path beyond Latin-1",    call: { method: "GET", path: "/€" },                                  code: "ERR_UNESCAPED_CHARACTERS" },
    { it: "a header with a line end", call: { method: "GET", path: "/", headers: { "X-A": "b\r\nc: d" } },  code: "ERR_INVALID_CHAR" },
    { it: "a name that is none",      call: { method: "GET", path: "/", headers: { "X A": "b" } },          code: "ERR_INVALID_HTTP_TOKEN" },
  ];
  for (const { it: title, call, code } of refused) {
    it(`refuses ${title}`, () => {
      expect(() => callMessage("n1:2375", call))
        .to.throw(TypeError)
        .with.property("code", code);
    });
  }
});
