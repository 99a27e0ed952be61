import type { LabEngine } from "../../lab/engine.ts";
import { lab } from "./fixtures.ts";

/** Removes every image but busybox, and every name but `busybox:latest`, from every engine. */
export async function onlyBusybox(): Promise<void> {
  const tidy = async (engine: LabEngine) => {
    await engine.docker(["tag", lab().busyboxId, "busybox:latest"]);
    const { stdout } = await engine.docker(["images", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"]);
    for (const line of stdout.split("\n").filter(Boolean)) {
      const [id = "", name = ""] = line.split(" ");
      if (name === "busybox:latest") continue;
      await engine.docker(["rmi", "-f", name.includes("<none>") ? id : name]);
    }
  };
  await Promise.all(lab().engines.map(tidy));
}
