"""A user of the Docker SDK for Python: does a bit of everything and prints what it saw as JSON. DOCKER_HOST says where.

Each argument is the name of a function here.
"""

import io
import json
import sys
import tarfile
import threading

import docker

client = docker.from_env(timeout=30)


def containers():
    seen = {"output": client.containers.run("busybox", "echo hello", remove=True).decode()}
    box = client.containers.run("busybox", "sleep 1000", detach=True, name="sdk-box", environment={"A": "b"})
    try:
        box.reload()
        seen["status"] = box.status
        seen["name"] = box.name
        code, output = box.exec_run(["sh", "-c", "echo $A; exit 3"])
        seen["exec"] = [code, output.decode()]
        code, (out, err) = box.exec_run(["sh", "-c", "echo out; echo err >&2"], demux=True)
        seen["demux"] = [code, out.decode(), err.decode()]
        box.put_archive("/tmp", archive("note", b"copied in"))
        stream, stat = box.get_archive("/tmp/note")
        seen["copied"] = [stat["name"], read("note", stream)]
        seen["found"] = [found.id == box.id for found in client.containers.list(filters={"name": "sdk-box"})]
        seen["same"] = client.containers.get("sdk-box").id == box.id
        box.rename("sdk-renamed")
        seen["processes"] = len(box.top()["Processes"])
        seen["memory"] = "memory_stats" in box.stats(stream=False)
        box.stop(timeout=0)
        seen["exit code"] = box.wait()["StatusCode"]
    finally:
        box.remove(force=True)
    seen["left"] = client.containers.list(all=True)
    return seen


def failures():
    def error_of(act):
        try:
            act()
        except docker.errors.ContainerError as error:
            return ["ContainerError", error.exit_status, error.stderr.decode()]
        except docker.errors.APIError as error:
            return [type(error).__name__, error.response.status_code]
        return "no error"

    return {
        "exit code": error_of(lambda: client.containers.run("busybox", "sh -c 'echo no >&2; exit 7'", remove=True)),
        "no such container": error_of(lambda: client.containers.get("nosuch")),
        "no such image": error_of(lambda: client.images.get("nosuch")),
        "no such network": error_of(lambda: client.networks.get("nosuch")),
        "no such volume": error_of(lambda: client.volumes.get("nosuch")),
        "bad command": error_of(lambda: client.containers.run("busybox", "/nosuch", remove=True)),
    }


def logs():
    box = client.containers.run("busybox", "sh -c 'echo one; echo two >&2; sleep 0.3; echo three'", detach=True)
    try:
        followed = sorted(b"".join(box.logs(stream=True, follow=True)).decode().splitlines())
        return {"followed": followed, "stderr": box.logs(stdout=False).decode()}
    finally:
        box.remove(force=True)


def attach():
    """Standard input over a socket that is hijacked without an Upgrade, closed half way."""
    box = client.containers.create("busybox", "sort", stdin_open=True)
    try:
        socket = box.attach_socket(params={"stdin": 1, "stream": 1})
        box.start()
        socket._sock.sendall(b"b\na\n")
        socket._sock.shutdown(1)
        code = box.wait()["StatusCode"]
        socket.close()
        return {"exit code": code, "sorted": box.logs().decode()}
    finally:
        box.remove(force=True)


def events():
    heard, listening = [], threading.Event()
    stream = client.events(decode=True, filters={"type": "container", "label": "sdk=events"})

    def listen():
        listening.set()
        for event in stream:
            heard.append(event["Action"])
            if event["Action"] == "destroy":
                break

    listener = threading.Thread(target=listen)
    listener.start()
    listening.wait()
    box = client.containers.create("busybox", "true", labels={"sdk": "events"})
    box.start()
    box.wait()
    box.remove()
    listener.join(timeout=20)
    stream.close()
    return heard


def images():
    tags = [tag for image in client.images.list(name="busybox") for tag in image.tags]
    image = client.images.get("busybox")
    return {"tags": tags, "os": image.attrs["Os"], "history": len(image.history())}


def tag_and_remove():
    image = client.images.get("busybox")
    tagged = image.tag("sdk/copy", tag="1")
    seen = {"tagged": tagged, "there": len(client.images.list(name="sdk/copy"))}
    client.images.remove("sdk/copy:1")
    seen["left"] = len(client.images.list(name="sdk/copy"))
    return seen


def save_and_load():
    archive = b"".join(client.images.get("busybox").save(named=True))
    return [image.tags for image in client.images.load(archive)][:1]


def pull():
    """The name of an image in a registry is on standard input."""
    name = sys.stdin.readline().strip()
    image = client.images.pull(name)
    output = client.containers.run(name, "echo pulled", remove=True).decode()
    client.images.remove(name)
    return {"tagged": name in image.tags, "output": output}


def build():
    dockerfile = io.BytesIO(b"FROM busybox\nRUN echo built > /note\nCMD cat /note\n")
    image, log = client.images.build(fileobj=dockerfile, tag="sdk/built", rm=True)
    output = client.containers.run("sdk/built", remove=True).decode()
    client.images.remove("sdk/built")
    return {"tags": image.tags, "steps": sum("Step" in line.get("stream", "") for line in log), "output": output}


def networks():
    network = client.networks.create("sdk-net", driver="bridge", labels={"sdk": "yes"})
    try:
        server = client.containers.run("busybox", "httpd -f", name="sdk-server", network="sdk-net", detach=True)
        try:
            address = client.containers.run("busybox", "nslookup -type=a sdk-server", network="sdk-net", remove=True)
            network.reload()
            seen = {
                "listed": len(client.networks.list(names=["sdk-net"])),
                "labels": network.attrs["Labels"],
                "resolved": b"sdk-server" in address,
                "members": [member.name for member in network.containers],
            }
            network.disconnect(server)
            network.reload()
            seen["after disconnect"] = len(network.containers)
            network.connect(server, aliases=["again"])
            network.reload()
            seen["after connect"] = len(network.containers)
        finally:
            server.remove(force=True)
    finally:
        network.remove()
    seen["left"] = len(client.networks.list(names=["sdk-net"]))
    return seen


def volumes():
    volume = client.volumes.create("sdk-data", labels={"sdk": "yes"})
    try:
        mounts = {"sdk-data": {"bind": "/data", "mode": "rw"}}
        box = client.containers.run("busybox", "sh -c 'echo kept > /data/note; cat /data/note'", volumes=mounts)
        seen = {
            "labels": volume.attrs["Labels"],
            "output": box.decode(),
            "listed": [found.name.split("/")[-1] for found in client.volumes.list(filters={"name": "sdk-data"})][:1],
        }
    finally:
        for box in client.containers.list(all=True):
            box.remove(force=True)
        volume.remove()
    seen["left"] = len(client.volumes.list(filters={"name": "sdk-data"}))
    return seen


def system():
    return {"ping": client.ping(), "os": client.version()["Os"], "containers": client.info()["Containers"]}


def archive(name, content):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def read(name, stream):
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        return tar.extractfile(name).read().decode()


print(json.dumps({name: globals()[name]() for name in sys.argv[1:]}))
