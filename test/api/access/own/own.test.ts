import { expect } from "chai";
import { imageTemplate } from "../../../../bench/fleet/images.ts";
import { startGuardedManager, type GuardedManager } from "../support.ts";

describe("api/access/own", () => {
  let manager: GuardedManager;
  let own: string;
  let foreign: string;
  const as: GuardedManager["as"] = (...given) => manager.as(...given);
  const create = async (cn: string, name: string, body: object = {}): Promise<string> => {
    const given = { Image: "busybox", Cmd: ["cat"], OpenStdin: true, Tty: true, ...body };
    const answer = await as(cn, "POST", `/containers/create?name=${name}`, { body: given });
    expect(answer.status, answer.text).to.equal(201);
    return (answer.json() as { Id: string }).Id;
  };
  before(async () => {
    for (const image of ["labelled:latest", "labelled:next"])
      Object.assign(imageTemplate(image), { labels: { owner: "ci" } });
    manager = await startGuardedManager({
      engines: ["node-1", "node-2"].map((name) => ({
        name,
        images: ["busybox:latest", "labelled:latest"],
        pullable: ["alpine", "labelled:next"],
      })),
    });
    own = await create("ci-1", "own");
    foreign = await create("ci-2", "foreign");
    for (const [cn, name] of [
      ["ci-1", "own"],
      ["ci-2", "foreign"],
    ] as const) {
      expect((await as(cn, "POST", "/volumes/create", { body: { Name: `${name}-data` } })).status).to.equal(
        201,
      );
      expect((await as(cn, "POST", "/networks/create", { body: { Name: `${name}-net` } })).status).to.equal(
        201,
      );
      expect((await as(cn, "POST", `/containers/${name}/start`)).status).to.equal(204);
    }
    manager.asked();
  });
  after(async () => {
    // To a container, a client that has gone without a word is one that has said all.
    await as("root", "DELETE", "/containers/own?force=1");
    await manager[Symbol.asyncDispose]();
  });

  const host = (HostConfig: object): object => ({ HostConfig });
  const mount = (...Mounts: object[]): object => host({ Mounts });
  // prettier-ignore
  const refusals = [
    { it: "privileges",                        body: host({ Privileged: true }),                          says: "set HostConfig.Privileged" },
    { it: "privileges in small letters",       body: { hostconfig: { privileged: true } },                says: "set HostConfig.Privileged" },
    { it: "privileges with odd letters",       body: { HoſtConfig: { PRIVILEGED: true } },                says: "set HostConfig.Privileged" },
    { it: "privileges behind another spelling", body: { HostConfig: {}, HOSTCONFIG: { Privileged: true } }, says: "set HostConfig twice" },
    { it: "privileges as a text",              body: host({ Privileged: "true" }),                        says: "set HostConfig.Privileged" },
    { it: "capabilities",                      body: host({ CapAdd: ["SYS_ADMIN"] }),                     says: "set HostConfig.CapAdd" },
    { it: "devices",                           body: host({ Devices: [{ PathOnHost: "/dev/sda" }] }),     says: "set HostConfig.Devices" },
    { it: "device rules",                      body: host({ DeviceCgroupRules: ["a *:* rwm"] }),          says: "set HostConfig.DeviceCgroupRules" },
    { it: "device requests",                   body: host({ DeviceRequests: [{ Count: -1 }] }),           says: "set HostConfig.DeviceRequests" },
    { it: "the host's network",                body: host({ NetworkMode: "host" }),                       says: "set HostConfig.NetworkMode to host, which is no network of its own" },
    { it: "somebody's network",                body: host({ NetworkMode: "foreign-net" }),                says: "set HostConfig.NetworkMode to foreign-net" },
    { it: "somebody's network by node",        body: host({ NetworkMode: "node-1/foreign-net" }),         says: "set HostConfig.NetworkMode to node-1/foreign-net" },
    { it: "a network nobody knows",            body: host({ NetworkMode: "later" }),                      says: "set HostConfig.NetworkMode to later" },
    { it: "somebody's network as a second",    body: { NetworkingConfig: { EndpointsConfig: { "foreign-net": {} } } }, says: "set NetworkingConfig.EndpointsConfig to foreign-net" },
    { it: "the same in small letters",         body: { networkingconfig: { endpointsconfig: { "foreign-net": {} } } }, says: "set NetworkingConfig.EndpointsConfig to foreign-net" },
    { it: "a network by its ID beside",        body: { NetworkingConfig: { EndpointsConfig: { bridge: { NetworkID: "abc" } } } }, says: "set NetworkingConfig.EndpointsConfig.NetworkID" },
    { it: "the host's processes",              body: host({ PidMode: "host" }),                           says: "set HostConfig.PidMode to host" },
    { it: "the host's memory",                 body: host({ IpcMode: "host" }),                           says: "set HostConfig.IpcMode to host" },
    { it: "the host's name",                   body: host({ UTSMode: "host" }),                           says: "set HostConfig.UTSMode" },
    { it: "the host's users",                  body: host({ UsernsMode: "host" }),                        says: "set HostConfig.UsernsMode" },
    { it: "the host's control groups",         body: host({ CgroupnsMode: "host" }),                      says: "set HostConfig.CgroupnsMode to host" },
    { it: "a control group of its choice",     body: host({ CgroupParent: "/" }),                         says: "set HostConfig.CgroupParent" },
    { it: "the old control group field",       body: host({ Cgroup: "container:x" }),                     says: "set HostConfig.Cgroup" },
    { it: "security options",                  body: host({ SecurityOpt: ["seccomp=unconfined"] }),       says: "set HostConfig.SecurityOpt to seccomp=unconfined" },
    { it: "a security option behind another",  body: host({ SecurityOpt: ["no-new-privileges", "apparmor=unconfined"] }), says: "set HostConfig.SecurityOpt to apparmor=unconfined" },
    { it: "kernel settings",                   body: host({ Sysctls: { "kernel.msgmax": "1" } }),         says: "set HostConfig.Sysctls" },
    { it: "a runtime",                         body: host({ Runtime: "evil" }),                           says: "set HostConfig.Runtime" },
    { it: "storage options",                   body: host({ StorageOpt: { size: "1" } }),                 says: "set HostConfig.StorageOpt" },
    { it: "annotations",                       body: host({ Annotations: { a: "b" } }),                   says: "set HostConfig.Annotations" },
    { it: "no masked paths",                   body: host({ MaskedPaths: [] }),                           says: "set HostConfig.MaskedPaths" },
    { it: "no read-only paths",                body: host({ ReadonlyPaths: [] }),                         says: "set HostConfig.ReadonlyPaths" },
    { it: "to outlive the host's needs",       body: host({ OomScoreAdj: -1 }),                           says: "set HostConfig.OomScoreAdj below 0" },
    { it: "never to be ended",                 body: host({ OomKillDisable: true }),                      says: "set HostConfig.OomKillDisable" },
    { it: "logs sent elsewhere",               body: host({ LogConfig: { Type: "syslog" } }),             says: "set HostConfig.LogConfig.Type to syslog" },
    { it: "a volume driver",                   body: host({ VolumeDriver: "evil" }),                      says: "set HostConfig.VolumeDriver to evil" },
    { it: "a field nobody knows yet",          body: host({ RootAccess: {} }),                            says: "set HostConfig.RootAccess" },
    { it: "another one beside it",             body: { Superuser: false },                                says: "set Superuser" },
    { it: "a host's path",                     body: host({ Binds: ["/:/host"] }),                        says: "mount /:/host: only its own volumes" },
    { it: "a host's path in small letters",    body: host({ binds: ["/:/host"] }),                        says: "mount /:/host" },
    { it: "a relative path",                   body: host({ Binds: ["../x:/host"] }),                     says: "mount ../x:/host" },
    { it: "the engine's socket",               body: host({ Binds: ["/var/run/docker.sock:/s:ro"] }),     says: "mount /var/run/docker.sock" },
    { it: "somebody's volume",                 body: host({ Binds: ["foreign-data:/d"] }),                says: "mount volume foreign-data, which is not its own" },
    { it: "somebody's volume by node",         body: host({ Binds: ["node-1/foreign-data:/d"] }),         says: "mount node-1/foreign-data:/d: only its own volumes" },
    { it: "a volume nobody knows",             body: host({ Binds: ["later:/d"] }),                       says: "mount volume later, which is not its own" },
    { it: "a volume with a strange mode",      body: host({ Binds: ["own-data:/d:rshared"] }),            says: "mount own-data:/d:rshared" },
    { it: "a bind mount",                      body: mount({ Type: "bind", Source: "/", Target: "/h" }),  says: "set HostConfig.Mounts.Type to bind" },
    { it: "a bind mount in small letters",     body: host({ mounts: [{ type: "bind", source: "/", target: "/h" }] }), says: "set HostConfig.Mounts.Type to bind" },
    { it: "somebody's volume as a mount",      body: mount({ Type: "volume", Source: "foreign-data", Target: "/h" }), says: "mount volume foreign-data" },
    { it: "a mount with a path for a name",    body: mount({ Type: "volume", Source: "/etc", Target: "/h" }), says: "mount /etc: only its own volumes" },
    { it: "a mount with a driver's options",   body: mount({ Type: "volume", Target: "/h", VolumeOptions: { DriverConfig: { Name: "local", Options: { type: "none", o: "bind", device: "/" } } } }), says: "set HostConfig.Mounts.VolumeOptions.DriverConfig.Options" },
    { it: "a mount of an image",               body: mount({ Type: "image", Source: "busybox", Target: "/h" }), says: "set HostConfig.Mounts.Type to image" },
    { it: "a path as a volume",                body: { Volumes: { "/:/host": {} } },                      says: "set Volumes to /:/host" },
    { it: "another owner's label",             body: { Labels: { owner: "other" } },                      says: "set Labels.owner to anything but ci" },
    { it: "another's identity",                body: { Labels: { "com.docker.swarm.id": "x" } },          says: "set Labels.com.docker.swarm.id" },
    { it: "another's place",                   body: { Labels: { "com.docker.swarm.replaces": "x" } },    says: "set Labels.com.docker.swarm.replaces" },
    { it: "a control label of the future",     body: { labels: { "Com.Docker.Swarm.new": "x" } },         says: "set Labels.Com.Docker.Swarm.new" },
    { it: "steps for builds on it",            body: { OnBuild: ["RUN x"] },                              says: "set OnBuild" },
  ];
  for (const { it: what, body, says } of refusals) {
    it(`does not create a container with ${what}`, async () => {
      const answer = await as("ci-1", "POST", "/containers/create", { body: { Image: "busybox", ...body } });
      expect(answer.message).to.satisfy((text: string) =>
        text.startsWith(`authorization denied: the role own may not ${says}`),
      );
      expect(answer.status).to.equal(403);
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  // prettier-ignore
  const references = [
    { it: "a network",        body: host({ NetworkMode: "container:foreign" }) },
    { it: "processes",        body: host({ PidMode: "container:foreign" }) },
    { it: "memory",           body: host({ IpcMode: "container:node-1/foreign" }) },
    { it: "volumes",          body: host({ VolumesFrom: ["foreign:ro"] }) },
    { it: "a link",           body: host({ Links: ["foreign:db"] }) },
    { it: "what is not there", body: host({ PidMode: "container:node-1/foreign" }) },
    { it: "a link by node",   body: host({ Links: ["node-2/foreign"] }) },
  ];
  for (const { it: what, body } of references) {
    it(`does not share ${what} with a container of somebody else's`, async () => {
      const answer = await as("ci-1", "POST", "/containers/create", { body: { Image: "busybox", ...body } });
      // Not a 404, to which the docker command line answers with a pull.
      expect(answer.status).to.equal(403);
      expect(answer.message).to.match(/may not use container (node-[12]\/)?foreign, which is not its own$/);
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  it("creates what the docker command line asks for, with its label", async () => {
    const id = await create("ci-1", "usual", {
      Labels: { a: "b", "com.docker.swarm.constraints": '["node==node-1"]' },
      Env: ["A=B", "affinity:container==own"],
      Volumes: { "/anonymous": {} },
      HostConfig: {
        ...{
          Binds: ["own-data:/d:ro,z"],
          ContainerIDFile: "",
          LogConfig: { Type: "", Config: {} },
          NetworkMode: "own-net",
        },
        ...{
          PortBindings: { "80/tcp": [{ HostPort: "8080" }] },
          RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
        },
        ...{
          VolumeDriver: "",
          VolumesFrom: null,
          CapAdd: null,
          CapDrop: ["ALL"],
          CgroupnsMode: "",
          Dns: [],
          Links: null,
        },
        ...{
          OomScoreAdj: 0,
          PidMode: "",
          Privileged: false,
          SecurityOpt: ["no-new-privileges"],
          UTSMode: "",
          ShmSize: 0,
        },
        ...{
          Devices: [],
          DeviceCgroupRules: null,
          MemorySwappiness: -1,
          Ulimits: [],
          MaskedPaths: null,
          Runtime: "",
        },
        ...{
          Mounts: [
            { type: "volume", source: "own-data", target: "/m" },
            { Type: "tmpfs", Target: "/t" },
          ],
        },
      },
      NetworkingConfig: {
        EndpointsConfig: { "own-net": { Aliases: ["x"], NetworkID: "", DriverOpts: null } },
      },
    });
    const { Config, HostConfig } = (await as("ci-1", "GET", `/containers/${id}/json`)).json() as {
      Config: { Labels: Record<string, string>; Env: string[] };
      HostConfig: Record<string, unknown>;
    };
    expect(Config.Labels).to.include({ owner: "ci", a: "b" });
    expect(Config.Env).to.include("A=B");
    expect(HostConfig.Binds).to.deep.equal(["own-data:/d:ro,z"]);
    expect(HostConfig.NetworkMode).to.equal("own-net");
    expect((await as("ci-1", "DELETE", `/containers/${id}`)).status).to.equal(204);
    manager.asked();
  });

  it("shares with a container of its own", async () => {
    const id = await create(
      "ci-1",
      "friend",
      host({ NetworkMode: "container:own", VolumesFrom: ["own:ro"], Links: null }),
    );
    const { HostConfig } = (await as("root", "GET", `/containers/${id}/json`)).json() as {
      HostConfig: Record<string, unknown>;
    };
    expect(HostConfig).to.deep.include({ NetworkMode: `container:${own}`, VolumesFrom: [`${own}:ro`] });
    expect((await as("ci-1", "DELETE", "/containers/friend")).status).to.equal(204);
    manager.asked();
  });

  it("is not told of other names but those in use", async () => {
    expect(
      (await as("ci-1", "POST", "/containers/create?name=foreign", { body: { Image: "busybox" } })).status,
    ).to.equal(409);
  });

  it("says what a body lacks as ever", async () => {
    const answer = await as("ci-1", "POST", "/containers/create", { body: "{" });
    expect([answer.status, answer.message]).to.deep.equal([400, "unexpected EOF"]);
  });

  // prettier-ignore
  const spellings = ["foreign", "/foreign", "node-1/foreign", "node-2/foreign", "node-1%2Fforeign", "ID", "SHORT", "PREFIX", "SWARM"];
  for (const spelling of spellings) {
    it(`finds no container of somebody else's as ${spelling}`, async () => {
      const labels = (await as("root", "GET", "/containers/foreign/json")).json() as {
        Config: { Labels: Record<string, string> };
      };
      const reference = spelling
        .replace("ID", foreign)
        .replace("SHORT", foreign.slice(0, 12))
        .replace("PREFIX", foreign.slice(0, 9))
        .replace("SWARM", labels.Config.Labels["com.docker.swarm.id"] ?? "");
      manager.asked();
      for (const tail of ["/json", "/logs?stdout=1", "/archive?path=/"]) {
        const answer = await as(
          "ci-1",
          "GET",
          `/containers/${encodeURI(reference).replaceAll("%252F", "%2F")}${tail}`,
        );
        expect(answer.status).to.equal(reference.startsWith("/") ? 301 : 404);
      }
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  it("finds its own by every reference", async () => {
    for (const reference of ["own", own, own.slice(0, 12), own.slice(0, 9)])
      expect((await as("ci-1", "GET", `/containers/${reference}/json`)).status).to.equal(200);
  });

  it("lists what is its own, whatever it filters by", async () => {
    const names = async (query: string): Promise<readonly string[]> => {
      const answer = await as("ci-1", "GET", `/containers/json?all=1${query}`);
      expect(answer.status, answer.text).to.equal(200);
      return (answer.json() as { Names: string[] }[]).flatMap(({ Names }) =>
        Names.map((name) => name.replace(/^\/node-.\//, "")),
      );
    };
    const filters = (given: object): string => `&filters=${encodeURIComponent(JSON.stringify(given))}`;
    expect(await names("")).to.deep.equal(["own"]);
    expect(await names(filters({ label: ["owner=other"] }))).to.deep.equal([]);
    expect(await names(filters({ label: { "owner=other": true } }))).to.deep.equal([]);
    expect(await names(filters({ name: ["own", "foreign"] }))).to.deep.equal(["own"]);
    expect(await names(`${filters({ name: ["foreign"] })}${filters({})}`)).to.deep.equal([]);
    for (const query of [
      "&before=foreign",
      "&since=foreign",
      filters({ before: ["foreign"] }),
      filters({ since: ["foreign"] }),
    ])
      expect((await as("ci-1", "GET", `/containers/json?all=1${query}`)).status, query).to.equal(404);
  });

  it("hears only of what is its own", async () => {
    const connection = await manager.connect("ci-1");
    connection.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.sees("\r\n\r\n");
    await as("ci-2", "POST", "/containers/foreign/pause");
    await as("ci-2", "POST", "/containers/foreign/unpause");
    await as("ci-1", "POST", "/containers/own/pause");
    await connection.sees(own);
    expect(connection.text()).not.to.include(foreign);
    await as("ci-1", "POST", "/containers/own/unpause");
    connection.end();
  });

  it("runs commands in its own containers, and without privileges", async () => {
    const exec = (cn: string, name: string, body: object) =>
      as(cn, "POST", `/containers/${name}/exec`, { body: { Cmd: ["cat"], ...body } });
    const refused = await exec("ci-1", "own", { privileged: true });
    expect([refused.status, refused.message]).to.deep.equal([
      403,
      "authorization denied: the role own may not set Privileged",
    ]);
    expect((await exec("ci-1", "own", { Capabilities: ["ALL"] })).message).to.match(
      /may not set Capabilities$/,
    );
    const { Id } = (
      await exec("ci-1", "own", { Privileged: false, Tty: true, ConsoleSize: [1, 2] })
    ).json() as { Id: string };
    expect((await as("ci-1", "GET", `/exec/${Id}/json`)).status).to.equal(200);
    expect((await as("ci-2", "GET", `/exec/${Id}/json`)).message).to.equal(`Exec ${Id} not found`);
    expect((await as("ci-2", "POST", `/exec/${Id}/start`, { body: {} })).status).to.equal(404);
    manager.asked();
  });

  it("changes what its own containers may use, and nothing else of them", async () => {
    const update = (body: object) => as("ci-1", "POST", "/containers/own/update", { body });
    expect(
      (await update({ Memory: 1 << 28, MemorySwap: -1, RestartPolicy: { Name: "no" }, Devices: [] })).status,
    ).to.equal(200);
    expect((await update({ devices: [{ PathOnHost: "/dev/sda" }] })).message).to.match(
      /may not set Devices$/,
    );
    expect((await update({ Privileged: true })).message).to.match(/may not set Privileged$/);
    manager.asked();
  });

  it("attaches to its own containers, upgraded or not", async () => {
    for (const upgrade of ["", "Connection: Upgrade\r\nUpgrade: tcp\r\n"]) {
      const connection = await manager.connect("ci-1");
      connection.write(
        `POST /containers/own/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
      );
      await connection.sees("\r\n\r\n");
      connection.write("hello\n");
      await connection.sees("hello\n");
      connection.end();
    }
    manager.asked();
  });

  // prettier-ignore
  const networks = [
    { it: "another driver",            body: { Name: "n", Driver: "macvlan" },                                status: 403, says: "set Driver to macvlan" },
    { it: "a driver's options",        body: { Name: "n", options: { "com.docker.network.bridge.name": "docker0" } }, status: 403, says: "set Options" },
    { it: "addresses of its choice",   body: { Name: "n", IPAM: { Config: [{ Subnet: "10.0.0.0/8" }] } },     status: 403, says: "set IPAM.Config" },
    { it: "settings of another",       body: { Name: "n", ConfigFrom: { Network: "x" } },                     status: 403, says: "set ConfigFrom.Network" },
    { it: "another owner's label",     body: { Name: "n", Labels: { owner: "other" } },                       status: 403, says: "set Labels.owner" },
    { it: "a name that is taken",      body: { Name: "foreign-net" },                                         status: 409, says: "network with name foreign-net already exists" },
    { it: "it on a named node",        body: { Name: "node-2/foreign-net" },                                  status: 409, says: "network with name foreign-net already exists" },
    { it: "the name of the bridge",    body: { Name: "bridge" },                                              status: 409, says: "network with name bridge already exists" },
  ];
  for (const { it: what, body, status, says } of networks) {
    it(`does not make a network with ${what}`, async () => {
      const answer = await as("ci-1", "POST", "/networks/create", { body });
      expect(answer.status).to.equal(status);
      expect(answer.message).to.include(says);
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  // prettier-ignore
  const volumes = [
    { it: "a driver",                  body: { Name: "v", Driver: "evil" },                                   status: 403, says: "set Driver to evil" },
    { it: "a driver's options",        body: { Name: "v", driveropts: { type: "none", o: "bind", device: "/" } }, status: 403, says: "set DriverOpts" },
    { it: "what nobody knows",         body: { Name: "v", Extra: 1 },                                         status: 403, says: "set Extra" },
    { it: "a name that is taken",      body: { Name: "foreign-data" },                                        status: 409, says: "volume with name foreign-data already exists" },
    { it: "it on a named node",        body: { Name: "node-2/foreign-data" },                                 status: 409, says: "volume with name foreign-data already exists" },
  ];
  for (const { it: what, body, status, says } of volumes) {
    it(`does not make a volume with ${what}`, async () => {
      const answer = await as("ci-1", "POST", "/volumes/create", { body });
      expect(answer.status).to.equal(status);
      expect(answer.message).to.include(says);
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  it("lists, shows and removes the networks and volumes it made, and no others", async () => {
    const names = async (path: string, key: string): Promise<readonly string[]> => {
      const json = (await as("ci-1", "GET", path)).json() as Record<string, { Name: string }[]>;
      return (key === "" ? (json as unknown as { Name: string }[]) : (json[key] ?? [])).map(({ Name }) =>
        Name.replace(/^node-.\//, ""),
      );
    };
    expect(new Set(await names("/networks", ""))).to.deep.equal(new Set(["own-net"]));
    expect(new Set(await names("/volumes", "Volumes"))).to.deep.equal(new Set(["own-data"]));
    expect((await as("ci-1", "GET", "/networks/own-net")).status).to.equal(200);
    expect((await as("ci-1", "GET", "/volumes/node-1/own-data")).status).to.equal(200);
    manager.asked();
    for (const path of [
      "/networks/foreign-net",
      "/networks/bridge",
      "/networks/node-1/bridge",
      "/volumes/foreign-data",
      "/volumes/node-1/foreign-data",
      "/volumes/unknown?force=1",
    ])
      expect((await as("ci-1", "DELETE", path)).status, path).to.equal(404);
    expect(manager.asked()).to.deep.equal([]);
  });

  it("does not use a network of its own where another's may be meant by its name", async () => {
    const made = await as("ci-1", "POST", "/networks/create", { body: { Name: "node-1/twin" } });
    const { Id } = made.json() as { Id: string };
    const body = { Image: "busybox", HostConfig: { NetworkMode: Id } };
    const create = async (): Promise<number> =>
      (await as("ci-1", "POST", "/containers/create", { body })).status;
    expect(await create()).to.equal(201);
    expect((await as("root", "POST", "/networks/create", { body: { Name: "node-2/twin" } })).status).to.equal(
      201,
    );
    expect(await create()).to.equal(403);
    manager.asked();
  });

  it("joins its own containers to its own networks only", async () => {
    const connect = (network: string, Container: string, more: object = {}) =>
      as("ci-1", "POST", `/networks/${network}/connect`, { body: { Container, ...more } });
    expect((await connect("foreign-net", "own")).message).to.equal("No such network: foreign-net");
    expect((await connect("own-net", "foreign")).message).to.equal("No such container: foreign");
    expect((await connect("own-net", "own", { container: "foreign" })).message).to.match(
      /may not set Container twice$/,
    );
    expect(
      (await connect("own-net", "own", { EndpointConfig: { DriverOpts: { a: "b" } } })).message,
    ).to.match(/DriverOpts$/);
    const gone = await as("ci-1", "POST", "/networks/foreign-net/disconnect", {
      body: { Container: "foreign", Force: true },
    });
    expect(gone.status).to.equal(404);
    expect(manager.asked()).to.deep.equal([]);
  });

  it("owns a container that was given its label, unless the label is the image's", async () => {
    const Labels = { owner: "ci" };
    const given = await create("root", "given", { Labels });
    // As an engine shows what is run from such an image.
    const inherited = await create("root", "inherited", { Image: "labelled", Labels });
    expect((await as("ci-1", "GET", `/containers/${given}/json`)).status).to.equal(200);
    expect(
      (await as("ci-1", "POST", `/containers/${inherited}/exec`, { body: { Cmd: ["id"] } })).status,
    ).to.equal(404);
    const answer = await as("ci-1", "POST", "/containers/create", { body: { Image: "labelled" } });
    expect(answer.message).to.match(/may not run image labelled, which itself carries the label owner=ci$/);
    for (const id of [given, inherited]) await as("root", "DELETE", `/containers/${id}`);
  });

  it("cannot start a container in a network that took the name of its own", async () => {
    const network = (cn: string) => as(cn, "POST", "/networks/create", { body: { Name: "node-1/taken" } });
    const HostConfig = { NetworkMode: "taken" };
    for (const mayStart of [true, false]) {
      expect((await network("ci-1")).status).to.equal(201);
      const id = await create("ci-1", "squatter", { HostConfig });
      if (!mayStart) {
        expect((await as("ci-1", "DELETE", "/networks/taken")).status).to.equal(204);
        expect((await network("root")).status).to.equal(201);
      }
      for (const action of ["start", "restart"]) {
        const { status, message } = await as("ci-1", "POST", `/containers/${id}/${action}`);
        expect(status, action).to.equal(mayStart ? 204 : 403);
        if (!mayStart)
          expect(message).to.match(/may not start in network taken, which is no network of its own$/);
      }
      await as("root", "DELETE", `/containers/${id}?force=1`);
      await as("root", "DELETE", "/networks/taken");
    }
    manager.asked();
  });

  it("may start again what somebody else took into another network", async () => {
    const id = await create("ci-1", "guest", { Env: ["constraint:node==node-1"] });
    const made = await as("root", "POST", "/networks/create", { body: { Name: "node-1/party" } });
    expect(made.status).to.equal(201);
    const body = { Container: id };
    expect((await as("root", "POST", "/networks/party/connect", { body })).status).to.equal(200);
    expect((await as("ci-1", "POST", `/containers/${id}/start`)).status).to.equal(403);
    expect((await as("root", "POST", `/containers/${id}/start`)).status).to.equal(204);
    expect((await as("ci-1", "POST", `/containers/${id}/restart`)).status).to.equal(204);
    await as("root", "DELETE", `/containers/${id}?force=1`);
    await as("root", "DELETE", "/networks/party");
    manager.asked();
  });

  it("is asked again when the image has come", async () => {
    const { status, message } = await as("ci-1", "POST", "/containers/create", {
      body: { Image: "labelled:next" },
    });
    expect([status, message]).to.deep.equal([
      403,
      "authorization denied: the role own may not run image labelled:next, which itself carries the label owner=ci",
    ]);
    const listed = await as("root", "GET", "/containers/json?all=1");
    expect(listed.text).to.include("busybox").and.not.include("labelled:next");
    manager.asked();
  });

  it("prunes only what is its own", async () => {
    await create("ci-1", "done");
    await create("ci-2", "kept");
    const pruned = await as("ci-1", "POST", "/containers/prune");
    expect(pruned.status, pruned.text).to.equal(200);
    const asked = manager.asked().filter((line) => line.includes("/containers/prune"));
    expect(asked).to.have.length(2);
    for (const line of asked) expect(decodeURIComponent(line)).to.include('{"label":{"owner=ci":true}}');
    for (const kind of ["networks", "volumes"]) {
      const answer = await as("ci-1", "POST", `/${kind}/prune?filters=%7B%22label%22%3A%5B%22x%22%5D%7D`);
      expect(answer.status, answer.text).to.equal(200);
      const lines = manager.asked().filter((each) => each.includes(`/${kind}/prune`));
      expect(lines).to.have.length(2);
      for (const line of lines)
        expect(decodeURIComponent(line)).to.include('{"label":{"x":true,"owner=ci":true}}');
    }
    expect((await as("root", "DELETE", "/containers/kept")).status).to.equal(204);
  });
});
