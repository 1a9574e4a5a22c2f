"""Kubernetes' Container Runtime Interface for shell scripts: cri.py SOCKET_OF_THE_ENGINE SOCKET.

Serves HTTP on SOCKET: POST /METHOD with the request as JSON is one call, as the kubelet makes it; the answer comes as JSON
with the proto's names, or as status 500 with `CODE: text`. One process for all calls, as importing grpc takes longer than
most of them. The module of the messages, cri_pb2, is made of cri.proto by protoc and found by PYTHONPATH."""
import http.server
import json
import socketserver
import sys

import grpc
from google.protobuf import json_format

import cri_pb2 as cri

METHODS = {
    "Version": (cri.Empty, cri.VersionResponse),
    "Status": (cri.Empty, cri.StatusResponse),
    "RunPodSandbox": (cri.RunPodSandboxRequest, cri.RunPodSandboxResponse),
    "StopPodSandbox": (cri.PodSandboxRequest, cri.Empty),
    "RemovePodSandbox": (cri.PodSandboxRequest, cri.Empty),
    "PodSandboxStatus": (cri.PodSandboxRequest, cri.PodSandboxStatusResponse),
    "ListPodSandbox": (cri.ListPodSandboxRequest, cri.ListPodSandboxResponse),
    "PodSandboxStats": (cri.PodSandboxRequest, cri.PodSandboxStatsResponse),
    "ListPodSandboxStats": (cri.Empty, cri.ListPodSandboxStatsResponse),
    "CreateContainer": (cri.CreateContainerRequest, cri.CreateContainerResponse),
    "StartContainer": (cri.ContainerRequest, cri.Empty),
    "StopContainer": (cri.StopContainerRequest, cri.Empty),
    "RemoveContainer": (cri.ContainerRequest, cri.Empty),
    "ListContainers": (cri.ListContainersRequest, cri.ListContainersResponse),
    "ContainerStatus": (cri.ContainerStatusRequest, cri.ContainerStatusResponse),
    "ContainerStats": (cri.ContainerRequest, cri.ContainerStatsResponse),
    "ListContainerStats": (cri.ListContainerStatsRequest, cri.ListContainerStatsResponse),
    "ReopenContainerLog": (cri.ContainerRequest, cri.Empty),
    "CheckpointContainer": (cri.CheckpointContainerRequest, cri.Empty),
    "UpdateContainerResources": (cri.UpdateContainerResourcesRequest, cri.Empty),
    "ExecSync": (cri.ExecSyncRequest, cri.ExecSyncResponse),
    "Exec": (cri.ExecRequest, cri.StreamResponse),
    "Attach": (cri.AttachRequest, cri.StreamResponse),
    "PortForward": (cri.PortForwardRequest, cri.StreamResponse),
    "UpdateRuntimeConfig": (cri.UpdateRuntimeConfigRequest, cri.Empty),
    "RuntimeConfig": (cri.Empty, cri.RuntimeConfigResponse),
}
# Answered by messages without end, a line of JSON for each.
STREAMS = {
    "GetContainerEvents": (cri.Empty, cri.ContainerEvent),
}


def channel_to(engine):
    # One of its own: the engine may have been started anew since the last call.
    return grpc.insecure_channel("unix://" + engine, options=[("grpc.default_authority", "localhost")])


def as_json(message, **options):
    return json_format.MessageToJson(message, preserving_proto_field_name=True, including_default_value_fields=True, **options)


def call(engine, method, request):
    kind, answer = METHODS[method]
    with channel_to(engine) as channel:
        function = channel.unary_unary("/runtime.v1.RuntimeService/" + method,
                                       request_serializer=kind.SerializeToString,
                                       response_deserializer=answer.FromString)
        reply = function(json_format.Parse(request or "{}", kind()), timeout=100)
    if method == "ExecSync":  # bytes would become base64
        return json.dumps({"stdout": reply.stdout.decode(), "stderr": reply.stderr.decode(), "exit_code": reply.exit_code})
    return as_json(reply)


def events(engine, method):
    kind, event = STREAMS[method]
    with channel_to(engine) as channel:
        function = channel.unary_stream("/runtime.v1.RuntimeService/" + method,
                                        request_serializer=kind.SerializeToString,
                                        response_deserializer=event.FromString)
        for message in function(kind(), timeout=100):
            yield as_json(message, indent=None) + "\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path[1:] in STREAMS:
            return self.stream()
        try:
            status, text = 200, call(self.server.engine, self.path[1:], request)
        except grpc.RpcError as error:
            status, text = 500, f"{error.code().name}: {error.details()}"
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        self.send_response(200)
        self.end_headers()
        try:
            for line in events(self.server.engine, self.path[1:]):
                self.wfile.write(line.encode())
        except grpc.RpcError as error:
            self.wfile.write(f"{error.code().name}: {error.details()}\n".encode())
        except BrokenPipeError:
            pass  # who listened is gone

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100  # who finds it full is sent away


with Server(sys.argv[2], Handler) as server:
    server.engine = sys.argv[1]
    server.serve_forever()
