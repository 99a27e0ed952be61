import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must } from "../command.ts";

/** Files of one authority and of what it has signed. */
export interface Certificates {
  readonly ca: string;
  /** For `localhost`, and to be shown by clients too. */
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority and one certificate of it, valid for a day, in a folder of their own. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => must("openssl", args, { cwd: folder });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  writeFileSync(
    file("extensions"),
    "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:false\n",
  );
  await openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=test authority",
  );
  await openssl("req", ...newKey.slice(0, -2), "-keyout", "key.pem", "-out", "request", "-subj", "/CN=test");
  const sign = ["x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  await openssl(...sign, "-days", "1", "-extfile", "extensions", "-out", "cert.pem");
  return { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") };
}
