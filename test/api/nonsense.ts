import { DockerodeClient } from "../../src/docker/dockerode-client.ts";

/** While the work lasts, every engine answers calls made with this method so. */
export async function whileEnginesAnswer(
  method: "request" | "requestText",
  answer: unknown,
  work: () => Promise<void>,
): Promise<void> {
  const proper = Object.getOwnPropertyDescriptor(DockerodeClient.prototype, method);
  if (proper === undefined) throw new Error(`the client has no method ${method}`);
  Object.defineProperty(DockerodeClient.prototype, method, {
    ...proper,
    value: () => Promise.resolve(answer),
  });
  try {
    await work();
  } finally {
    Object.defineProperty(DockerodeClient.prototype, method, proper);
  }
}
