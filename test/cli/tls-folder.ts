import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A self-signed certificate, its key, a foreign key and an encrypted one. Made for these tests; they open nothing. */
const files = {
  "cert.pem": `
-----BEGIN CERTIFICATE-----
MIIBijCCATGgAwIBAgIUFJZ0Ieejks/0hTQnamUC9wQEPswwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPc3dhcm0gdGVzdCBvbmx5MCAXDTI2MTEyMTA4MjczNVoYDzIx
MjYxMDI4MDgyNzM1WjAaMRgwFgYDVQQDDA9zd2FybSB0ZXN0IG9ubHkwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARXaxd4V0y7P5KYmQWWpKum1+bAwZMaGt/6DocF
MztgQWKbn5v8g83tKuz1/pdMELnvjizI1Usk5+0LW956Ou2ao1MwUTAdBgNVHQ4E
FgQU+J+0eUVmQ7RCId/Qt3v2p/M8XpowHwYDVR0jBBgwFoAU+J+0eUVmQ7RCId/Q
t3v2p/M8XpowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiA112KD
dJQewRPk4nFjVOQgjDP/pMSgnSPg7XSB5MwsFQIgB01xwEfrlBRTxW6X4WTVxqXf
N7RztV3PP2bZjTzERVg=
-----END CERTIFICATE-----
`,
  "key.pem": `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNfdN3btUQIjLZAoe
fvc30l5PWUCs9mPMZqoxUbGwXZShRANCAARXaxd4V0y7P5KYmQWWpKum1+bAwZMa
Gt/6DocFMztgQWKbn5v8g83tKuz1/pdMELnvjizI1Usk5+0LW956Ou2a
-----END PRIVATE KEY-----
`,
  "other-key.pem": `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQ7JAShh+itIYIARX
vXZCU26puivYLBRaTrad4WxaBauhRANCAASzTgbqmcNB3tezzz4yY8aFGp4IxEA8
GdywyAUw/lkKxp8Jnh4lV1tjDXeAsEuynvgk6eTUzYyI0DsslYPbcM9q
-----END PRIVATE KEY-----
`,
  "encrypted-key.pem": `
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAirhT8RpsktTAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKZbh5fCtdZW//HwbR7mhCoEgZAW
WW1DvS0mi2iMbjNw7vmvtSJeSQ6BE1UpTg9Ib13D/A79Z9TfL7bwxQMTskK9p316
KVFlxf30KJyDO3XrbByufLTBlU6ZA5XeaPdflQJzMXyzeJOsrGNfsmBcLngrVpir
VtZ7xXASXUtUHm5/3YIHbtELNpUhyjyQIheeAktYNoqmXY2g4ut0ZADgZppevwY=
-----END ENCRYPTED PRIVATE KEY-----
`,
  "junk.pem": "no PEM at all\n",
};

/** Puts the files into a folder of their own; disposing removes it. */
export function tlsFolder(): Disposable & { readonly path: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text.trimStart());
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
