import type { Differences } from "../support/both-ways.ts";

/** A command, with what it reads. */
export type Step = string | { readonly command: string; readonly input: string };

/** A container `box` that runs, and its end. */
const withRunning = (...steps: Step[]) => ["run -d --name box busybox sleep 1000", ...steps, "rm -f box"];
/** A container `box` that has ended, and its end. Engines let `run` end a moment before their lists show that it has; an inspection waits for that. */
const withStopped = (...steps: Step[]) => [
  "run --name box busybox sh -c 'echo out; exit 3'",
  "inspect -f {{.State.Status}} box",
  ...steps,
  "rm box",
];

const onContainer = [
  ...["start", "stop -t 0", "restart -t 0", "kill", "pause", "unpause", "wait", "rm", "rm -f", "logs", "top"],
  ...["port", "diff", "attach", "stats --no-stream", "export -o /dev/null", "update -m 64m", "inspect"],
];

/** Commands that are run against an engine and through a manager, and have to say the same. */
// prettier-ignore
export const sequences: readonly { readonly it: string; readonly steps: readonly Step[] }[] = [
  { it: "run: output, error, exit code", steps: ["run --rm busybox sh -c 'echo out; echo err >&2; exit 4'"] },
  { it: "run: unknown command",          steps: ["run --rm busybox nosuch", "run --name box busybox nosuch", "ps -a", "rm box"] },
  { it: "run: not executable",           steps: ["run --rm busybox /etc"] },
  { it: "run -i",                        steps: [{ command: "run --rm -i busybox sort", input: "b\na\n" }, "run --rm -i busybox cat"] },
  { it: "run -d, ps, stop, rm",          steps: withRunning("ps", "ps -a", "stop -t 0 box", "ps", "ps -a", "rm box", "ps -a") },
  { it: "run: options of the process",   steps: ["run --rm -e A=b -w /tmp -u 7:8 -h box --tmpfs /t --read-only busybox sh -c 'env; pwd; id; hostname; mount | grep -c /t'"] },
  { it: "run: limits",                   steps: ["run --rm -m 64m --cpus 0.5 --pids-limit 50 --ulimit nofile=77 busybox sh -c 'ulimit -n'"] },
  { it: "run: what an engine refuses",   steps: [
    "run --rm -m 1k busybox", "run --rm --cpus 1000 busybox", "run --rm -w relative busybox", "run --rm -u nosuch busybox true",
    "run --rm -v /a:/b:zzz busybox", "run --rm --network nosuch busybox", "run --rm --restart always busybox", "run --rm --name ü busybox",
    "run --rm --runtime nosuch busybox", "run --rm --cap-add nosuch busybox", "run --rm --sysctl a=b busybox",
    "run --rm --security-opt nosuch=1 busybox", "run --rm --device /nosuch busybox true", "run --rm --mount type=bind,src=/nosuch,dst=/a busybox true", "ps -a"] },
  { it: "run: an invalid image name",    steps: ["run --rm UPPER", "run --rm busybox:nosuch:tag", "run --rm ''"] },
  { it: "run --platform",                steps: ["run --rm --platform linux/amd64 busybox echo here"] },
  { it: "create, start -a",              steps: ["create --name box busybox sh -c 'echo out; exit 3'", "ps -a", "start -a box", "start box", "wait box", "logs box", "rm box"] },
  { it: "exec",                          steps: withRunning("exec box sh -c 'echo out; echo err >&2; exit 4'", { command: "exec -i box sort", input: "b\na\n" },
    "exec -d box true", "exec -w /tmp -e A=b -u 7:8 box sh -c 'pwd; echo $A; id'", "exec box nosuch", "exec -w /nosuch box true", "exec -u nosuch box true") },
  { it: "exec where it cannot be",       steps: [...withStopped("exec box true", "exec -d box true"), ...withRunning("pause box", "exec box true", "unpause box")] },
  { it: "logs",                          steps: withStopped("logs box", "logs -f box", "logs --tail 0 box", "logs --tail x box", "logs --since 1h box", "logs --since x box", "logs -t box", "logs --details box") },
  { it: "states that do not fit",        steps: withRunning("start box", "unpause box", "pause box", "pause box", "ps", "stop -t 0 box", "stop box", "kill box", "pause box", "top box", "attach box", "rename box box", "rename box b/c") },
  { it: "rm of a running container",     steps: withRunning("rm box", "rm -f box", "rm -f box") },
  { it: "signals",                       steps: withRunning("kill -s nosuch box", "kill -s 99 box", "kill -s KILL box", "wait box", "ps -a", "inspect -f {{.State.ExitCode}} box") },
  { it: "rename",                        steps: withRunning("rename box crate", "ps --format '{{.Names}} {{.Status}}'", "inspect -f {{.Name}} crate", "rename crate box") },
  { it: "update",                        steps: withRunning("update -m 64m --memory-swap 128m box", "inspect -f {{.HostConfig.Memory}} box", "update -m 1k box", "update --cpus 1000 box", "update --restart nosuch box") },
  { it: "top",                           steps: withRunning("top box -o comm,args", "top box --nosuch") },
  { it: "wait",                          steps: withStopped("wait box", "wait box box", "wait box nosuch") },
  { it: "cp and diff",                   steps: withRunning("exec box touch /new", "diff box", "cp box:/new /dev/null/x", "cp /etc/hostname box:/nosuch/dir/") },
  { it: "images",                        steps: ["images", "images -a", "images -q", "images nosuch", "images --digests", "image inspect busybox", "image inspect nosuch", "history busybox", "history nosuch", "images --filter dangling=true"] },
  { it: "commit",                        steps: withRunning("commit box 127.0.0.1:1/diff:1", "images 127.0.0.1:1/diff", "run --rm 127.0.0.1:1/diff:1 true", "commit box UPPER", "commit -c nosuch box") },
  { it: "ports",                         steps: ["run -d -p 8080:80 -p 9000-9001:90-91/udp --name box busybox sleep 1000", "ps", "rm -f box"] },
  { it: "ps filters and formats",        steps: withStopped(...["status=exited", "status=running", "exited=3", "exited=x", "name=box", "id=x", "ancestor=busybox", "label=x", "nosuch=x", "health=none",
    "before=box", "since=box", "before=nosuch", "status=nosuch", "volume=x", "network=bridge", "is-task=true", "publish=80", "expose=x"].map((filter) => `ps -a --filter ${filter}`),
    "ps -a --no-trunc", "ps -aq", "ps -al", "ps -n 1", "ps -as", "ps -a --format {{.Image}}{{.Command}}{{.State}}{{.Mounts}}{{.Networks}}{{.LocalVolumes}}") },
  { it: "container prune",               steps: ["create --name box busybox", "container prune -f", "container prune -f", "container prune -f --filter label=x", "container prune -f --filter nosuch=x"] },
  { it: "events of the past",            steps: ["events --since 2000-01-01T00:00:00Z --until 2000-01-01T00:00:01Z", "events --since x", "events --until 1 --filter nosuch=x"] },
  { it: "unknown containers",            steps: onContainer.map((command) => `${command} nosuch`) },
  { it: "unknown containers, the rest",  steps: ["exec nosuch true", "rename nosuch crate", "cp nosuch:/a /tmp/never", "cp /etc/hostname nosuch:/a", "commit nosuch crate", "inspect --type image nosuch"] },
];

/** Commands whose words differ on purpose, and why. */
export const differences: Differences = {
  words: {
    "run --rm --cpus 1000 busybox": "no node is big enough: the scheduler says so before an engine is asked",
    "kill nosuch": "the manager does not know the container, and says so in the same words for every command",
    "ps -a --filter before=nosuch": "the same",
    "ps -a --filter expose=x": "engines quote the error of a Go function",
    "ps -a --filter exited=x": "the same, and old and new engines differ",
    "image inspect nosuch": "the manager names the image as it was asked for",
    "inspect --type image nosuch": "the same",
    "history nosuch": "the same",
    "container prune -f --filter nosuch=x": "every node refuses, and each is named",
  },
  exitCodes: {
    "ps -a --filter status=nosuch": "a status is a pattern here, which merely matches nothing",
    "events --until 1 --filter nosuch=x": "engines look at filters only when there are events to filter",
  },
};
