"""One call of Kubernetes' Container Runtime Interface: cri.py SOCKET METHOD [REQUEST_AS_JSON], as the kubelet makes it.

Prints the answer as JSON with the proto's names; an error goes to standard error as `CODE: text`, with status 1. The module
of the messages, cri_pb2, is made of cri.proto by protoc and found by PYTHONPATH."""
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
    "ListPodSandbox": (cri.Empty, cri.ListPodSandboxResponse),
    "CreateContainer": (cri.CreateContainerRequest, cri.CreateContainerResponse),
    "StartContainer": (cri.ContainerRequest, cri.Empty),
    "StopContainer": (cri.StopContainerRequest, cri.Empty),
    "RemoveContainer": (cri.ContainerRequest, cri.Empty),
    "ContainerStatus": (cri.ContainerStatusRequest, cri.ContainerStatusResponse),
    "ListContainers": (cri.Empty, cri.ListContainersResponse),
    "ContainerStats": (cri.ContainerRequest, cri.ContainerStatsResponse),
    "UpdateContainerResources": (cri.UpdateContainerResourcesRequest, cri.Empty),
    "ExecSync": (cri.ExecSyncRequest, cri.ExecSyncResponse),
}


def main(socket, method, request="{}"):
    kind, answer = METHODS[method]
    with grpc.insecure_channel("unix://" + socket, options=[("grpc.default_authority", "localhost")]) as channel:
        call = channel.unary_unary("/runtime.v1.RuntimeService/" + method,
                                   request_serializer=kind.SerializeToString,
                                   response_deserializer=answer.FromString)
        try:
            reply = call(json_format.Parse(request, kind()), timeout=60)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    # Text is read as text, not as base64.
    if method == "ExecSync":
        sys.stdout.write(reply.stdout.decode())
        sys.stderr.write(reply.stderr.decode())
        return reply.exit_code
    print(json_format.MessageToJson(reply, preserving_proto_field_name=True, including_default_value_fields=True))
    return 0


sys.exit(main(*sys.argv[1:]))
